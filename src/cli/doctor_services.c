/*
 * doctor: every listener, as a stranger meets it over its own port: does it answer, is TLS offered and does
 * it work, which certificate comes, and is anything open that must not be. It proves that nobody relays
 * through the server, and that no mail is taken or shown without a login.
 */
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/show.h"
#include "cli/doctor.h"
#include "cli/doctor_talk.h"
#include "config/listen_address.h"
#include "io/tls.h"
#include "master/certificate_look.h"

enum { WHERE = 120 };

static const char no_mail[] = "nobody gets or sends mail here";

/* ---- certificates ---- */

static void tell_certificate(
    struct doctor *d, const char *where, const struct certificate_look *c, const char *unproven)
{
	char what[500], day[CERTIFICATE_DAY_SIZE], host[300];
	int64_t now = clock_wall();
	static const char renew[] =
	    "renew it, put the files where tls_certificates and tls_keys say, and run `postrider reload`";
	snprintf(host, sizeof host, "%.*s", VIEW_FMT(view_take(d->settings->hostname, 255)));
	certificate_day(c->ends, day);
	if (c->ends <= now) {
		snprintf(what, sizeof what, "the certificate expired on %s", day);
		doctor_tell_once(d, DOCTOR_ERROR, where, what,
		    "mail programs and browsers refuse it, and servers that verify", renew);
	} else if (c->ends - now < CERTIFICATE_SOON_DAYS * INT64_C(86400)) {
		snprintf(what, sizeof what, "the certificate expires on %s", day);
		doctor_tell_once(d, DOCTOR_WARNING, where, what,
		    "from then on mail programs and browsers refuse it", renew);
	}
	if (!c->named) {
		snprintf(what, sizeof what, "the certificate is not for %s, but for %.*s", host,
		    VIEW_FMT(view_take(buf_view(&c->names), 200)));
		for (char *end = strchr(what, '\n'); end; end = strchr(end, '\n'))
			*end = ' ';
		doctor_tell_once(d, DOCTOR_ERROR, where, what,
		    "mail programs that use this name refuse it, and servers that verify",
		    "get a certificate for the name in the setting hostname, or set hostname to a name that "
		    "it has");
	} else if (unproven && c->ends > now) {
		snprintf(what, sizeof what, "the certificate proves nothing to strangers: %s", unproven);
		doctor_tell_once(d, DOCTOR_WARNING, where, what,
		    "mail programs and browsers ask their users whether to trust it, and servers with "
		    "MTA-STS refuse it",
		    "get one from a public authority, such as Let's Encrypt, with its whole chain in the "
		    "file");
	}
}

/* After the handshake. */
static void look_at_tls(struct doctor *d, struct talk *t, const char *where, const char *how)
{
	char host[300], what[500], day[CERTIFICATE_DAY_SIZE];
	struct certificate_look look;
	X509 *x = tls_peer(t->stream.ssl);
	snprintf(host, sizeof host, "%.*s", VIEW_FMT(view_take(d->settings->hostname, 255)));
	if (x == NULL)
		return;
	certificate_look_at(x, d->settings->hostname, &look);
	certificate_day(look.ends, day);
	snprintf(what, sizeof what, "%s works (%s), with a certificate until %s", how,
	    tls_version(t->stream.ssl), day);
	doctor_tell(d, DOCTOR_OK, where, what, NULL, NULL);
	tell_certificate(d, where, &look, tls_unproven(t->stream.ssl, host));
	certificate_look_done(&look);
}

static bool secure(struct doctor *d, struct talk *t, const char *where, const char *how)
{
	char host[300], what[400];
	snprintf(host, sizeof host, "%.*s", VIEW_FMT(view_take(d->settings->hostname, 255)));
	if (talk_secure(t, d->tls, host)) {
		look_at_tls(d, t, where, how);
		return true;
	}
	snprintf(what, sizeof what, "%s does not work: %s", how, t->why);
	doctor_tell(d, DOCTOR_ERROR, where, what, "nobody can connect here encrypted",
	    "look for tls and certificate in the log, and run `postrider config check`");
	return false;
}

static void no_tls(struct doctor *d, const char *where, const char *command)
{
	char what[100];
	snprintf(what, sizeof what, "offers no %s", command);
	doctor_tell(d, DOCTOR_ERROR, where, what,
	    "passwords and mail travel unencrypted, or nobody can log in",
	    "set tls_certificates and tls_keys, and run `postrider reload`");
}

/* ---- SMTP, submission, LMTP ---- */

/* Ways in which open relays have been found open. None of these addresses is ours, whatever our domains are.
 */
static const char *const strangers[] = {
    "<doctor@relay-test.invalid>",
    "<doctor%relay-test.invalid@[127.0.0.1]>",
    "<@relay-test.invalid:doctor@relay-test.invalid>",
    "<relay-test.invalid!doctor@relay-test.invalid>",
    "<\"doctor@relay-test.invalid\"@relay-test.invalid>",
    "<doctor@relay-test.invalid@relay-test.invalid>",
};

static char first_of(struct view reply)
{
	return reply.len ? reply.data[0] : '\0';
}

static void check_relay(struct doctor *d, struct talk *t, const char *where)
{
	char command[300], what[600];
	for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
		talk_ask(t, "RSET\r\n", talk_smtp_reply);
		struct view reply =
		    talk_ask(t, "MAIL FROM:<doctor@sender-test.invalid>\r\n", talk_smtp_reply);
		if (first_of(reply) != '2') {
			doctor_tell(d, DOCTOR_WARNING, where,
			    "cannot be tested for relaying, since it refuses every sender now",
			    "nothing, if it does so for a moment only", "run `postrider doctor` again later");
			return;
		}
		snprintf(command, sizeof command, "RCPT TO:%s\r\n", strangers[i]);
		reply = talk_ask(t, command, talk_smtp_reply);
		if (first_of(reply) == '5')
			continue;
		snprintf(what, sizeof what, "RELAYS FOR STRANGERS: it answers RCPT TO:%s with %.*s",
		    strangers[i], (int)(reply.len > 200 ? 200 : reply.len), reply.len ? reply.data : "");
		doctor_tell(d, DOCTOR_ERROR, where, what,
		    "spammers send through this server, and others refuse all of its mail",
		    "stop the server at once, and look at relay_domains, at the domains (`postrider domain "
		    "list`) and at the log");
		return;
	}
	doctor_tell(d, DOCTOR_OK, where, "relays for nobody (6 ways tried)", NULL, NULL);
}

static void check_submission(struct doctor *d, struct talk *t, const char *where)
{
	bool good =
	    first_of(talk_ask(t, "MAIL FROM:<doctor@sender-test.invalid>\r\n", talk_smtp_reply)) == '5';
	doctor_tell(d, good ? DOCTOR_OK : DOCTOR_ERROR, where,
	    good ? "takes no mail without a login" : "TAKES MAIL WITHOUT A LOGIN",
	    good ? NULL : "spammers send through this server",
	    good ? NULL : "stop the server, and report this fault");
}

static bool has(struct view reply, const char *word)
{
	return reply.len && memmem(reply.data, reply.len, word, strlen(word)) != NULL;
}

static bool greets_smtp(struct talk *t, const char *hello, struct view *reply)
{
	if (first_of(talk_ask(t, NULL, talk_smtp_reply)) != '2')
		return false;
	*reply = talk_ask(t, hello, talk_smtp_reply);
	return first_of(*reply) == '2';
}

static bool check_smtp(struct doctor *d, struct talk *t, enum service service, const char *where)
{
	const char *hello = service == SERVICE_LMTP ? "LHLO doctor.invalid\r\n" : "EHLO doctor.invalid\r\n";
	bool mail = service == SERVICE_SMTP, lmtp = service == SERVICE_LMTP;
	struct view reply;
	if (service_has_tls(service) && !secure(d, t, where, "TLS"))
		return true;
	if (!greets_smtp(t, hello, &reply))
		return false;
	if (!service_has_tls(service) && !lmtp) {
		if (!has(reply, "STARTTLS")) {
			no_tls(d, where, "STARTTLS");
		} else if (first_of(talk_ask(t, "STARTTLS\r\n", talk_smtp_reply)) != '2' ||
		           !secure(d, t, where, "STARTTLS")) {
			return true;
		}
		talk_ask(t, hello, talk_smtp_reply);
	}
	if (lmtp)
		doctor_tell(d, DOCTOR_OK, where, "answers", NULL, NULL);
	else if (mail)
		check_relay(d, t, where);
	else
		check_submission(d, t, where);
	return true;
}

/* ---- POP3, IMAP, ManageSieve ---- */

static void check_shut(struct doctor *d, const char *where, bool shut)
{
	doctor_tell(d, shut ? DOCTOR_OK : DOCTOR_ERROR, where,
	    shut ? "shows nothing without a login" : "SHOWS MAIL WITHOUT A LOGIN",
	    shut ? NULL : "everybody reads everybody's mail",
	    shut ? NULL : "stop the server, and report this fault");
}

static bool check_pop3(struct doctor *d, struct talk *t, enum service service, const char *where)
{
	if (service_has_tls(service) && !secure(d, t, where, "TLS"))
		return true;
	if (first_of(talk_ask(t, NULL, talk_one_line)) != '+')
		return false;
	if (!service_has_tls(service)) {
		if (!has(talk_ask(t, "CAPA\r\n", talk_dot), "STLS"))
			no_tls(d, where, "STLS");
		else if (first_of(talk_ask(t, "STLS\r\n", talk_one_line)) != '+' ||
		         !secure(d, t, where, "STLS"))
			return true;
	}
	check_shut(d, where, first_of(talk_ask(t, "STAT\r\n", talk_one_line)) == '-');
	return true;
}

static bool check_imap(struct doctor *d, struct talk *t, enum service service, const char *where)
{
	if (service_has_tls(service) && !secure(d, t, where, "TLS"))
		return true;
	if (first_of(talk_ask(t, NULL, talk_one_line)) != '*')
		return false;
	if (!service_has_tls(service)) {
		if (!has(talk_ask(t, "a CAPABILITY\r\n", talk_tag_a), "STARTTLS"))
			no_tls(d, where, "STARTTLS");
		else if (!has(talk_ask(t, "a STARTTLS\r\n", talk_tag_a), "a OK") ||
		         !secure(d, t, where, "STARTTLS"))
			return true;
	}
	struct view reply = talk_ask(t, "a EXAMINE INBOX\r\n", talk_tag_a);
	check_shut(d, where, reply.len > 0 && !has(reply, "a OK"));
	return true;
}

static bool check_sieve(struct doctor *d, struct talk *t, const char *where)
{
	struct view reply = talk_ask(t, NULL, talk_sieve);
	if (!has(reply, "\"SIEVE\""))
		return false;
	if (!has(reply, "STARTTLS"))
		no_tls(d, where, "STARTTLS");
	else if (!has(talk_ask(t, "STARTTLS\r\n", talk_sieve), "OK") || !secure(d, t, where, "STARTTLS"))
		return true;
	else
		talk_ask(t, NULL, talk_sieve); /* the capabilities once more */
	reply = talk_ask(t, "LISTSCRIPTS\r\n", talk_sieve);
	check_shut(d, where, has(reply, "NO"));
	return true;
}

/* ---- HTTP ---- */

static bool check_http(struct doctor *d, struct talk *t, enum service service, const char *where)
{
	char request[500];
	if (service_has_tls(service) && !secure(d, t, where, "TLS"))
		return true;
	snprintf(request, sizeof request,
	    "GET /.well-known/jmap HTTP/1.1\r\nHost: %.*s\r\nConnection: close\r\n\r\n",
	    VIEW_FMT(view_take(d->settings->hostname, 255)));
	struct view reply = talk_ask(t, request, talk_http);
	if (!view_starts(reply, VIEW("HTTP/1.1 ")))
		return false;
	bool leads = has(reply, "ocation: https://"), refused = view_starts(view_skip(reply, 9), VIEW("401"));
	if (service_has_tls(service))
		check_shut(d, where, refused || leads);
	else
		doctor_tell(d, leads ? DOCTOR_OK : DOCTOR_NOTE, where,
		    leads ? "leads browsers to HTTPS" : "answers", NULL, NULL);
	return true;
}

/* ---- all ---- */

static bool talk_of(struct doctor *d, struct talk *t, enum service service, const char *where)
{
	switch (service) {
	case SERVICE_SMTP:
	case SERVICE_SUBMISSION:
	case SERVICE_SUBMISSIONS:
	case SERVICE_LMTP:
		return check_smtp(d, t, service, where);
	case SERVICE_POP3:
	case SERVICE_POP3S:
		return check_pop3(d, t, service, where);
	case SERVICE_IMAP:
	case SERVICE_IMAPS:
		return check_imap(d, t, service, where);
	case SERVICE_MANAGESIEVE:
		return check_sieve(d, t, where);
	case SERVICE_HTTP:
	case SERVICE_HTTPS:
		return check_http(d, t, service, where);
	default:
		doctor_tell(d, DOCTOR_OK, where, "takes connections", NULL, NULL);
		return true;
	}
}

static void check_listener(struct doctor *d, enum service service, struct view text)
{
	struct sockaddr_storage address;
	socklen_t len;
	const char *problem;
	char where[WHERE], what[400];
	struct talk *t = mem_alloc(sizeof *t);
	snprintf(where, sizeof where, "%s %.*s", service_name(service), VIEW_FMT(view_take(text, 80)));
	if (listen_address_parse(text, &address, &len, &problem) != 0) {
		mem_free(t);
		return; /* config check tells it */
	}
	/* A server that listens everywhere is asked on loopback. */
	if (address.ss_family == AF_INET &&
	    ((struct sockaddr_in *)&address)->sin_addr.s_addr == htonl(INADDR_ANY))
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (address.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_UNSPECIFIED(&((struct sockaddr_in6 *)&address)->sin6_addr))
		((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
	int error = talk_open(t, &address);
	if (error == -EAFNOSUPPORT) {
		doctor_tell(d, DOCTOR_NOTE, where, "this machine has no IPv6", NULL, NULL);
	} else if (error || !talk_of(d, t, service, where)) {
		snprintf(what, sizeof what, "does not answer: %s",
		    t->why[0] ? t->why : "what answers is not this service");
		doctor_tell(d, DOCTOR_ERROR, where, what, no_mail,
		    d->master
		        ? "look at the log of the server, and whether another program has this port: ss -ltnp"
		        : "start the server: systemctl start postrider");
	}
	talk_close(t);
	mem_free(t);
}

void doctor_services(struct doctor *d)
{
	struct view rest, text;
	for (enum service service = 0; service < SERVICES; service++)
		for (rest = service_addresses(d->settings, service);
		     rest.len && view_next(&rest, '\n', &text);)
			check_listener(d, service, text);
}
