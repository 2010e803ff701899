/*
 * doctor: looks at the running server as a stranger would, over its own ports, and says what is wrong and
 * what to do. It proves that nobody relays through it, that passwords are not taken in clear from afar, and
 * that TLS is offered.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/show.h"
#include "base/mem.h"
#include "cli/cli_dns_check.h"
#include "io/network.h"

enum {
	TIMEOUT_MS = 5000,
	REPLY_MAX = 8192,
	DOMAINS_MAX =
	    20 /* whose records are looked at: more would take minutes where name servers are silent */
};

struct findings {
	bool json;
	unsigned good, bad;
};

static void report(struct findings *f, bool good, const char *where, const char *what)
{
	if (f->json)
		printf("%s{\"good\":%s,\"where\":\"%s\",\"check\":\"%s\"}", f->good + f->bad ? "," : "",
		    good ? "true" : "false", where, what);
	else
		printf("%s  %-24s %s\n", good ? "good" : "BAD ", where, what);
	if (good)
		f->good++;
	else
		f->bad++;
}

/* What is outside of this server is said, and is no reason to call it ill. */
static void note(struct findings *f, const char *where, const char *what)
{
	if (f->json)
		printf("%s{\"good\":true,\"note\":true,\"where\":\"%s\",\"check\":\"%s\"}",
		    f->good + f->bad ? "," : "", where, what);
	else
		printf("note  %-24s %s\n", where, what);
	f->good++;
}

/* ---- a conversation ---- */

/* A server that listens everywhere is asked on loopback. */
static int connect_to(struct view text)
{
	struct sockaddr_storage address;
	ptrdiff_t colon = view_find_last(text, ':');
	uint64_t port;
	if (colon < 1 || !view_to_u64(view_skip(text, (size_t)colon + 1), 65535, &port))
		return -EINVAL;
	struct view host = view_take(text, (size_t)colon);
	if (host.len > 2 && host.data[0] == '[')
		host = view_take(view_skip(host, 1), host.len - 2);
	if (view_equal(host, VIEW("0.0.0.0")))
		host = VIEW("127.0.0.1");
	else if (view_equal(host, VIEW("::")))
		host = VIEW("::1");
	if (!network_parse(host, &address))
		return -EINVAL;
	if (address.ss_family == AF_INET)
		((struct sockaddr_in *)&address)->sin_port = htons((uint16_t)port);
	else
		((struct sockaddr_in6 *)&address)->sin6_port = htons((uint16_t)port);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len =
	    address.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, len) == 0)
		return fd;
	int error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

/* Reads a whole SMTP reply, or with `dot` a POP3 list; false on a time-out or the end. */
static bool read_reply(int fd, char reply[REPLY_MAX], bool dot)
{
	size_t len = 0;
	for (;;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		if (len == REPLY_MAX - 1 || poll(&wait, 1, TIMEOUT_MS) <= 0)
			return false;
		ssize_t n = read(fd, reply + len, REPLY_MAX - 1 - len);
		if (n <= 0)
			return false;
		len += (size_t)n;
		reply[len] = '\0';
		if (reply[len - 1] != '\n')
			continue;
		if (dot && (reply[0] == '-' || strstr(reply, "\r\n.\r\n")))
			return true;
		if (dot)
			continue;
		const char *last = reply + len - 2;
		while (last > reply && last[-1] != '\n')
			last--;
		if (reply[0] == '+' || reply[0] == '-' || (strlen(last) > 3 && last[3] == ' '))
			return true;
	}
}

static bool ask(int fd, const char *command, char reply[REPLY_MAX], bool dot)
{
	size_t len = strlen(command);
	reply[0] = '\0';
	return send(fd, command, len, MSG_NOSIGNAL) == (ssize_t)len && read_reply(fd, reply, dot);
}

/* ---- the checks ---- */

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

/* Whatever listens on our port may answer anything. */
static void say_answer(const char *where, const char *command, const char *reply)
{
	struct buf shown;
	buf_init(&shown, 4 * REPLY_MAX);
	show_line(&shown, view_trim(view_from_string(reply)));
	fprintf(stderr, "postrider: %s answers RCPT TO:%s with %s\n", where, command, buf_string(&shown));
	buf_done(&shown);
}

static void check_relay(struct findings *f, int fd, const char *where)
{
	char reply[REPLY_MAX], command[300];
	bool closed = true;
	for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
		if (!ask(fd, "RSET\r\n", reply, false) ||
		    !ask(fd, "MAIL FROM:<doctor@sender-test.invalid>\r\n", reply, false) || reply[0] != '2') {
			report(f, false, where,
			    "cannot be tested for relaying, since it refuses every sender; try again later");
			return;
		}
		snprintf(command, sizeof command, "RCPT TO:%s\r\n", strangers[i]);
		if (!ask(fd, command, reply, false) || reply[0] != '5') {
			closed = false;
			say_answer(where, strangers[i], reply[0] ? reply : "nothing");
		}
	}
	report(f, closed, where,
	    closed ? "relays for nobody (6 ways tried)"
	           : "RELAYS FOR STRANGERS: stop the server and look at its log");
}

static void check_smtp(struct findings *f, struct view address, bool submission)
{
	char reply[REPLY_MAX], where[100];
	snprintf(where, sizeof where, "%.*s", VIEW_FMT(address));
	int fd = connect_to(address);
	if (fd < 0 || !read_reply(fd, reply, false) || reply[0] != '2' ||
	    !ask(fd, "EHLO doctor.invalid\r\n", reply, false)) {
		report(f, false, where, "does not answer; is the server running?");
		if (fd >= 0)
			close(fd);
		return;
	}
	report(f, strstr(reply, "STARTTLS") != NULL, where,
	    strstr(reply, "STARTTLS") ? "offers STARTTLS"
	                              : "offers no STARTTLS: set tls_certificates and tls_keys");
	if (submission) {
		bool good =
		    ask(fd, "MAIL FROM:<doctor@sender-test.invalid>\r\n", reply, false) && reply[0] == '5';
		report(f, good, where, good ? "takes no mail without a login" : "TAKES MAIL WITHOUT A LOGIN");
	} else {
		check_relay(f, fd, where);
	}
	close(fd);
}

static void check_pop3(struct findings *f, struct view address)
{
	char reply[REPLY_MAX], where[100];
	snprintf(where, sizeof where, "%.*s", VIEW_FMT(address));
	int fd = connect_to(address);
	if (fd < 0 || !read_reply(fd, reply, false) || reply[0] != '+' || !ask(fd, "CAPA\r\n", reply, true)) {
		report(f, false, where, "does not answer; is the server running?");
	} else {
		report(f, strstr(reply, "STLS") != NULL, where,
		    strstr(reply, "STLS") ? "offers STLS"
		                          : "offers no STLS: set tls_certificates and tls_keys");
		bool good = ask(fd, "STAT\r\n", reply, false) && reply[0] == '-';
		report(f, good, where, good ? "shows no mail without a login" : "SHOWS MAIL WITHOUT A LOGIN");
	}
	if (fd >= 0)
		close(fd);
}

/* Reads up to the answer with the command's tag, which is its first letter. */
static bool ask_imap(int fd, const char *command, char reply[REPLY_MAX])
{
	const char tag[] = {'\n', command[0], ' ', '\0'};
	size_t len = 1;
	ssize_t n = send(fd, command, strlen(command), MSG_NOSIGNAL);
	/* An answer always stands behind a line end. */
	reply[0] = '\n';
	while (n > 0) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		reply[len] = '\0';
		if (reply[len - 1] == '\n' && strstr(reply, tag))
			return true;
		if (len == REPLY_MAX - 1 || poll(&wait, 1, TIMEOUT_MS) <= 0)
			return false;
		n = read(fd, reply + len, REPLY_MAX - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	return false;
}

static void check_imap(struct findings *f, struct view address)
{
	char reply[REPLY_MAX], where[100];
	snprintf(where, sizeof where, "%.*s", VIEW_FMT(address));
	int fd = connect_to(address);
	if (fd < 0 || !ask_imap(fd, "a CAPABILITY\r\n", reply)) {
		report(f, false, where, "does not answer; is the server running?");
	} else {
		report(f, strstr(reply, " STARTTLS") != NULL, where,
		    strstr(reply, " STARTTLS") ? "offers STARTTLS"
		                               : "offers no STARTTLS: set tls_certificates and tls_keys");
		bool good = ask_imap(fd, "b EXAMINE INBOX\r\n", reply) && strstr(reply, "\nb OK") == NULL;
		report(f, good, where, good ? "shows no mail without a login" : "SHOWS MAIL WITHOUT A LOGIN");
	}
	if (fd >= 0)
		close(fd);
}

/* ---- the domains' records ---- */

static void check_domain(struct cli *cli, struct findings *f, char *domain)
{
	struct dns_check *c = mem_alloc(sizeof *c);
	struct cli words = *cli;
	char what[300];
	words.argc = 1;
	words.argv = &domain;
	if (dns_check_run(&words, c) == 0) {
		size_t wrong = 0;
		for (size_t i = 0; i < c->report.count; i++)
			wrong += c->report.findings[i].level != ZONE_HINT;
		if (c->report.unseen)
			snprintf(what, sizeof what, "its DNS records cannot all be looked up now");
		else if (wrong)
			snprintf(what, sizeof what, "%zu %s wrong in its DNS records: postrider dns check %s",
			    wrong, wrong == 1 ? "thing is" : "things are", domain);
		else
			snprintf(what, sizeof what, "nothing is wrong in its DNS records");
		note(f, domain, what);
	}
	dns_check_done(c);
	mem_free(c);
}

static void check_domains(struct cli *cli, struct findings *f)
{
	struct directory_client *client;
	struct message_directory_answer answer;
	char *domains[DOMAINS_MAX];
	size_t count = 0;
	const struct view none = VIEW("");
	/* While the server does not run, nobody sends mail there either. */
	if (f->bad > 0 || directory_client_open(cli, &client) != 0)
		return;
	if (directory_client_ask(client, DIRECTORY_DOMAIN_LIST, 0, &none, 1, &answer) == 0) {
		const struct message_field *items = answer.fields.items;
		for (size_t i = 0; i + 5 <= answer.fields.count && count < DOMAINS_MAX; i += 5)
			domains[count++] = mem_string(items[i].value);
	}
	directory_client_close(client);
	for (size_t i = 0; i < count; i++) {
		check_domain(cli, f, domains[i]);
		mem_free(domains[i]);
	}
}

int cli_doctor(struct cli *cli)
{
	struct findings f = {.json = cli->json};
	struct view rest, address;
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	int status = cli_settings(cli);
	if (status)
		return status;
	if (f.json)
		putchar('[');
	for (rest = cli->settings.smtp_listen; rest.len && view_next(&rest, '\n', &address);)
		check_smtp(&f, address, false);
	for (rest = cli->settings.submission_listen; rest.len && view_next(&rest, '\n', &address);)
		check_smtp(&f, address, true);
	for (rest = cli->settings.pop3_listen; rest.len && view_next(&rest, '\n', &address);)
		check_pop3(&f, address);
	for (rest = cli->settings.imap_listen; rest.len && view_next(&rest, '\n', &address);)
		check_imap(&f, address);
	report(&f, cli->settings.require_tls_login, "setting",
	    cli->settings.require_tls_login ? "require_tls_login is on"
	                                    : "require_tls_login is off: passwords can travel unencrypted");
	check_domains(cli, &f);
	if (f.json)
		puts("]");
	else
		printf("%u good, %u bad\n", f.good, f.bad);
	return f.bad ? EXIT_SOFTWARE : 0;
}
