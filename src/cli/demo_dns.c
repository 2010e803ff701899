/*
 * What a domain's owner publishes so that others believe his mail, for the demo's domains: where its mail
 * goes, which host may send for it, what is to be done with other mail, and its keys, as the running server
 * knows them at that moment.
 */
#include "cli/demo_dns.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/store_client.h"
#include "format/dns_message.h"

enum {
	TTL = 5,                                 /* seconds: what is new shows soon */
	FLAGS_ANSWER = 0x8400,                   /* a response, and authoritative: RFC 1035 section 4.1.1 */
	NAME_POINTER = 0xc000 + DNS_HEADER_SIZE, /* to the question's name: section 4.1.4 */
	STRING_MAX = 255
};

struct reply {
	struct buf out;
	unsigned answers;
	bool exists; /* there are records of that name, of another type perhaps */
};

/* ---- records ---- */

static void begin_record(struct reply *r, unsigned type)
{
	r->answers++;
	buf_append_u16(&r->out, NAME_POINTER);
	buf_append_u16(&r->out, (uint16_t)type);
	buf_append_u16(&r->out, DNS_CLASS_IN);
	buf_append_u32(&r->out, TTL);
}

static void put_data(struct reply *r, unsigned type, const struct buf *data)
{
	begin_record(r, type);
	buf_append_u16(&r->out, (uint16_t)data->len);
	buf_append(&r->out, buf_view(data));
}

static void put_text(struct reply *r, unsigned asked, struct view text)
{
	struct buf data;
	r->exists = true;
	if (asked != DNS_TXT)
		return;
	buf_init(&data, DNS_TXT_MAX);
	for (; text.len > 0; text = view_skip(text, STRING_MAX)) {
		struct view part = view_take(text, STRING_MAX);
		buf_append_u8(&data, (uint8_t)part.len);
		buf_append(&data, part);
	}
	put_data(r, DNS_TXT, &data);
	buf_done(&data);
}

static void put_address(struct reply *r, unsigned asked, const char *address)
{
	struct buf data;
	struct in_addr a;
	r->exists = true;
	if (asked != DNS_A || inet_pton(AF_INET, address, &a) != 1)
		return;
	buf_init(&data, sizeof a);
	buf_append(&data, view_of(&a, sizeof a));
	put_data(r, DNS_A, &data);
	buf_done(&data);
}

/* An MX record, with its preference, or a PTR record. */
static void put_name(struct reply *r, unsigned asked, unsigned type, const char *name)
{
	struct buf data;
	r->exists = true;
	if (asked != type)
		return;
	buf_init(&data, 2 + DNS_NAME_SIZE + 2);
	if (type == DNS_MX)
		buf_append_u16(&data, 10);
	dns_name_write(&data, name);
	put_data(r, type, &data);
	buf_done(&data);
}

/* ---- keys ---- */

static void put_key(
    struct reply *r, unsigned asked, const struct view fields[DIRECTORY_SIGNING_FIELDS], struct view selector)
{
	struct signing_key key;
	struct view sealed;
	if (directory_signing_read(fields, &key, &sealed) && view_equal(key.selector, selector))
		put_text(r, asked, key.record);
}

/* Only of a server that runs: while none does, its data folder is not ours to open. */
static struct directory_client *open_directory(const struct demo_site *site, struct cli *cli)
{
	struct directory_client *client = NULL;
	*cli = (struct cli){.config = site->config};
	if (access(site->config, R_OK) != 0 || cli_settings(cli) != 0)
		return NULL;
	int fd = store_client_connect(&cli->settings);
	if (fd < 0)
		return NULL;
	close(fd);
	return directory_client_open(cli, &client) == 0 ? client : NULL;
}

static void put_keys(struct reply *r, unsigned asked, const struct demo_site *site, struct view selector)
{
	struct cli cli = {.config = NULL};
	struct message_directory_answer answer;
	struct directory_client *client = site->config ? open_directory(site, &cli) : NULL;
	const struct view fields[] = {view_from_string(site->domain), VIEW(""), VIEW("")};
	if (client && directory_client_ask(client, DIRECTORY_SIGNING_LIST, 0, fields, 3, &answer) == 0) {
		const struct message_field *items = answer.fields.items;
		for (size_t i = 0; i + DIRECTORY_SIGNING_FIELDS <= answer.fields.count;
		     i += DIRECTORY_SIGNING_FIELDS) {
			struct view texts[DIRECTORY_SIGNING_FIELDS];
			for (size_t k = 0; k < DIRECTORY_SIGNING_FIELDS; k++)
				texts[k] = items[i + k].value;
			put_key(r, asked, texts, selector);
		}
	}
	if (client)
		directory_client_close(client);
	settings_done(&cli.settings);
}

/* ---- zones ---- */

/* "NAME.DOMAIN": what stands before the domain, empty for itself. False: another domain's. */
static bool below(const char *name, const char *domain, struct view *rest)
{
	size_t len = strlen(name), tail = strlen(domain);
	if (len < tail || strcmp(name + len - tail, domain) != 0 ||
	    (len > tail && name[len - tail - 1] != '.'))
		return false;
	*rest = view_of(name, len > tail ? len - tail - 1 : 0);
	return true;
}

static void answer_of(struct reply *r, const struct demo_site *site, struct view name, unsigned asked)
{
	char text[DNS_NAME_SIZE];
	static const char key[] = "._domainkey";
	bool of_domain = view_empty(name), of_host = view_equal(name, VIEW("mail"));
	if (of_domain || of_host) {
		snprintf(
		    text, sizeof text, site->config ? "v=spf1 ip4:%s -all" : "v=spf1 -all", site->address);
		put_address(r, asked, site->address);
		put_text(r, asked, view_from_string(text));
	}
	if (of_domain) {
		snprintf(text, sizeof text, "mail.%s", site->domain);
		put_name(r, asked, DNS_MX, text);
	} else if (view_equal(name, VIEW("_dmarc"))) {
		/* The one that sends no mail gets no reports either. */
		snprintf(text, sizeof text,
		    site->config ? "v=DMARC1; p=reject; rua=mailto:postmaster@%s" : "v=DMARC1; p=reject",
		    site->domain);
		put_text(r, asked, view_from_string(text));
	} else if (view_ends_nocase(name, VIEW("._domainkey"))) {
		put_keys(r, asked, site, view_take(name, name.len - (sizeof key - 1)));
	} else if (view_equal(name, VIEW("_domainkey"))) {
		r->exists = true;
	}
}

/* The name of each server's address: RFC 1035 section 3.5. */
static void answer_reverse(struct reply *r, const struct demo_site *site, const char *name, unsigned asked)
{
	unsigned char a[4];
	char reverse[64], host[DNS_NAME_SIZE];
	if (site->config == NULL || inet_pton(AF_INET, site->address, a) != 1)
		return;
	snprintf(reverse, sizeof reverse, "%u.%u.%u.%u.in-addr.arpa", a[3], a[2], a[1], a[0]);
	snprintf(host, sizeof host, "mail.%s", site->domain);
	if (strcmp(name, reverse) == 0)
		put_name(r, asked, DNS_PTR, host);
}

/* ---- serving ---- */

/* Header and question of the reply; the counts of records follow when they are known. */
static void write_reply(
    struct reply *r, const struct dns_message *m, struct view question, unsigned rcode, struct buf *out)
{
	buf_append_u16(out, m->id);
	buf_append_u16(out, (uint16_t)(FLAGS_ANSWER | rcode));
	buf_append_u16(out, 1);
	buf_append_u16(out, (uint16_t)r->answers);
	buf_append_u32(out, 0);
	buf_append(out, question);
	buf_append(out, buf_view(&r->out));
}

static void answer(const struct demo_site *sites, size_t count, struct view query, struct buf *out)
{
	struct dns_message m;
	struct reply r = {.answers = 0};
	struct view rest;
	if (dns_message_open(query, &m) != 0 || m.response || m.name[0] == '\0')
		return;
	struct view question =
	    view_of(query.data + DNS_HEADER_SIZE, (size_t)(m.in.rest.data - query.data) - DNS_HEADER_SIZE);
	buf_init(&r.out, DNS_MESSAGE_MAX / 2);
	if (m.opcode == DNS_OPCODE_QUERY)
		for (size_t i = 0; i < count; i++) {
			answer_reverse(&r, &sites[i], m.name, m.type);
			if (below(m.name, sites[i].domain, &rest))
				answer_of(&r, &sites[i], rest, m.type);
		}
	unsigned rcode = m.opcode != DNS_OPCODE_QUERY ? DNS_NOTIMP : r.exists ? DNS_NOERROR : DNS_NXDOMAIN;
	write_reply(&r, &m, question, rcode, out);
	buf_done(&r.out);
}

static void serve(int fd, const struct demo_site *sites, size_t count)
{
	char query[DNS_UDP_MAX];
	struct buf out;
	buf_init(&out, DNS_MESSAGE_MAX);
	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(fd, query, sizeof query, 0, (struct sockaddr *)&from, &len);
		if (n < 0)
			continue;
		buf_clear(&out);
		answer(sites, count, view_of(query, (size_t)n), &out);
		if (out.len > 0 && !buf_failed(&out))
			sendto(fd, buf_view(&out).data, out.len, 0, (struct sockaddr *)&from, len);
	}
}

pid_t demo_dns_start(const struct demo_site *sites, size_t count, unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	pid_t parent = getpid(), pid = -1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
		pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		unsetenv("NOTIFY_SOCKET");
		if (getppid() == parent)
			serve(fd, sites, count);
		_exit(0);
	}
	if (fd >= 0)
		close(fd);
	return pid;
}
