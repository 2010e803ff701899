/* Who is asked, aliases followed to their end, and answers as trust/dns/answers.h has them: dns_client.h. */
#include "cli/dns_client.h"

#include <errno.h>
#include <stdio.h>
#include <netinet/in.h>
#include <string.h>

#include "base/mem.h"
#include "cli/dns_ask.h"
#include "io/network.h"

enum {
	ALIASES_MAX = 8, /* CNAMEs one behind the other; resolvers follow 8 to 16 */
	CONF_MAX = 64 * 1024,
	ANSWER_BYTES_MAX = 128 * 1024 /* of the records of one answer, uncompressed */
};

/* ---- who is asked ---- */

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
	if (address->ss_family == AF_INET)
		((struct sockaddr_in *)address)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)address)->sin6_port = htons(port);
}

bool dns_server_parse(struct view text, struct sockaddr_storage *out)
{
	struct view host;
	uint64_t port = DNS_PORT;
	if (!view_next(&text, '@', &host) || !network_parse(host, out))
		return false;
	if (text.len && (!view_to_u64(text, UINT16_MAX, &port) || port == 0))
		return false;
	set_port(out, (uint16_t)port);
	return true;
}

static void read_resolv_conf(struct dns_source *s)
{
	char line[256];
	FILE *file = fopen("/etc/resolv.conf", "re");
	while (file && s->count < DNS_SERVERS_MAX && fgets(line, sizeof line, file)) {
		struct view rest = view_trim(view_from_string(line)), word;
		if (!view_next(&rest, ' ', &word) || !view_equal(word, VIEW("nameserver")))
			continue;
		if (dns_server_parse(view_trim(rest), &s->servers[s->count]))
			s->count++;
	}
	if (file)
		fclose(file);
}

int dns_source_resolver(const struct settings *settings, struct dns_source *out)
{
	struct view rest, line;
	struct dns_stub stub;
	const char *problem;
	*out = (struct dns_source){.recurse = true};
	out->stubs = mem_array(DNS_STUBS_MAX, sizeof *out->stubs);
	for (rest = settings->dns_stubs;
	     out->stub_count < DNS_STUBS_MAX && rest.len && view_next(&rest, '\n', &line);) {
		struct dns_source_stub *to = &out->stubs[out->stub_count];
		if (dns_stub_parse(line, &stub, &problem) != 0 ||
		    !dns_server_parse(view_from_string(stub.server), &to->server))
			continue;
		snprintf(to->zone, sizeof to->zone, "%s", stub.zone);
		out->stub_count++;
	}
	if (settings->dns_server.len == 0)
		read_resolv_conf(out);
	else if (dns_server_parse(settings->dns_server, &out->servers[0]))
		out->count = 1;
	out->trusted = settings->dns_server.len > 0;
	for (size_t i = 0; i < out->count; i++)
		out->trusted = out->trusted || network_is_loopback(&out->servers[i]);
	return out->count || out->stub_count ? 0 : -ENOENT;
}

void dns_source_server(const struct sockaddr_storage *address, struct dns_source *out)
{
	*out = (struct dns_source){.count = 1};
	out->servers[0] = *address;
}

void dns_source_done(struct dns_source *s)
{
	mem_free(s->stubs);
	*s = (struct dns_source){0};
}

static bool is_below(const char *name, const char *zone)
{
	size_t len = strlen(name), tail = strlen(zone);
	return strcmp(zone, ".") == 0 || strcmp(name, zone) == 0 ||
	       (len > tail && name[len - tail - 1] == '.' && strcmp(name + len - tail, zone) == 0);
}

const struct dns_source_stub *dns_source_stub(const struct dns_source *s, const char *name)
{
	const struct dns_source_stub *best = NULL;
	for (size_t i = 0; i < s->stub_count; i++)
		if (is_below(name, s->stubs[i].zone) &&
		    (best == NULL || strlen(s->stubs[i].zone) > strlen(best->zone)))
			best = &s->stubs[i];
	return best;
}

/* ---- one question, from server to server and from alias to alias ---- */

struct job {
	const struct dns_table *table;
	unsigned number, type;
	char asked[DNS_NAME_SIZE], name[DNS_NAME_SIZE]; /* the question, and where its aliases have led */
	unsigned aliases;
	size_t server;
	bool secure, done;
	uint32_t ttl;
};

static const char *error_words(int error)
{
	switch (error) {
	case -ETIMEDOUT:
		return "no answer within 5 s";
	case -ECONNREFUSED:
		return "nobody listens there";
	case -EBADMSG:
		return "the answer cannot be read";
	default:
		return strerror(-error);
	}
}

static void put(struct job *j, const struct answer *answer)
{
	answers_put(j->table->answers, j->number, answer);
	j->done = true;
}

static void put_failure(struct job *j, const char *why)
{
	put(j, &(struct answer){.status = ANSWER_FAILED, .why = view_from_string(why)});
}

/* The stub of the name, to be changed; NULL. */
static struct dns_source_stub *stub_of(const struct job *j)
{
	return (struct dns_source_stub *)(uintptr_t)dns_source_stub(j->table->source, j->name);
}

static struct dns_health *health_of(const struct job *j)
{
	struct dns_source_stub *stub = stub_of(j);
	return stub ? &stub->health : &j->table->source->health[j->server];
}

static bool is_dead(const struct dns_health *h)
{
	return h->answered == 0 && h->silent >= DNS_SILENT_MAX;
}

/* Who is asked next; false: nobody is left. */
static bool server_of(struct job *j, struct sockaddr_storage *out)
{
	const struct dns_source *s = j->table->source;
	const struct dns_source_stub *stub = stub_of(j);
	if (stub) {
		*out = stub->server;
		return !is_dead(&stub->health);
	}
	while (j->server < s->count && is_dead(&s->health[j->server]))
		j->server++;
	if (j->server < s->count)
		*out = s->servers[j->server];
	return j->server < s->count;
}

/* The next server is asked, if there is one. */
static void failed(struct job *j, const char *why)
{
	const struct dns_source *s = j->table->source;
	if (stub_of(j) || ++j->server >= s->count)
		put_failure(j, why);
}

/* Looks for an alias of the name in the answer, and follows it; false: there is none. */
static bool follow(struct job *j, const struct dns_message *message)
{
	struct dns_message m = *message;
	struct dns_resource r;
	struct buf data;
	bool found = false;
	buf_init(&data, 2 * DNS_NAME_SIZE);
	while (!found && dns_message_next(&m, &r) == 1) {
		if (r.section != DNS_ANSWER || r.type != DNS_CNAME || strcmp(r.owner, j->name) != 0)
			continue;
		found =
		    dns_resource_data(&m, &r, &data) == 0 && dns_record_name(buf_view(&data), j->name) == 0;
		j->ttl = r.ttl < j->ttl ? r.ttl : j->ttl;
	}
	buf_done(&data);
	return found;
}

static size_t gather(
    struct job *j, const struct dns_message *message, struct buf *data, size_t ends[ANSWERS_RECORDS_MAX])
{
	struct dns_message m = *message;
	struct dns_resource r;
	size_t count = 0;
	while (count < ANSWERS_RECORDS_MAX && dns_message_next(&m, &r) == 1) {
		if (r.section != DNS_ANSWER || r.type != j->type || r.class != DNS_CLASS_IN ||
		    strcmp(r.owner, j->name) != 0 || dns_resource_data(&m, &r, data) != 0)
			continue;
		ends[count++] = buf_view(data).len;
		j->ttl = r.ttl < j->ttl ? r.ttl : j->ttl;
	}
	return count;
}

static void put_records(struct job *j, const struct dns_message *m)
{
	struct view records[ANSWERS_RECORDS_MAX];
	size_t ends[ANSWERS_RECORDS_MAX];
	struct buf data;
	buf_init(&data, ANSWER_BYTES_MAX);
	size_t count = gather(j, m, &data, ends);
	for (size_t i = 0; i < count; i++) {
		size_t from = i ? ends[i - 1] : 0;
		records[i] = view_take(view_skip(buf_view(&data), from), ends[i] - from);
	}
	put(j, &(struct answer){.status = m->rcode == DNS_NXDOMAIN ? ANSWER_NXDOMAIN : ANSWER_GOOD,
	           .secure = j->secure,
	           .ttl = j->ttl == UINT32_MAX ? 0 : j->ttl,
	           .canonical = view_from_string(strcmp(j->name, j->asked) ? j->name : ""),
	           .records = records,
	           .count = count});
	buf_done(&data);
}

static bool has_answer(const struct job *j, const struct dns_message *message)
{
	struct dns_message m = *message;
	struct dns_resource r;
	while (dns_message_next(&m, &r) == 1)
		if (r.section == DNS_ANSWER && r.type == j->type && strcmp(r.owner, j->name) == 0)
			return true;
	return false;
}

static void take(struct job *j, const struct dns_ask *a)
{
	const struct dns_source *s = j->table->source;
	const struct dns_message *m = &a->message;
	bool stub = dns_source_stub(s, j->name) != NULL, moved = false;
	if (a->error) {
		health_of(j)->silent += a->error == -ETIMEDOUT;
		failed(j, error_words(a->error));
		return;
	}
	health_of(j)->answered++;
	if (m->rcode != DNS_NOERROR && m->rcode != DNS_NXDOMAIN) {
		failed(j, dns_rcode_name(m->rcode));
		return;
	}
	if (!s->recurse && !m->authoritative) {
		put_failure(j, "it is not responsible for this name");
		return;
	}
	j->secure = j->secure && s->trusted && !stub && m->authentic;
	while (j->type != DNS_CNAME && j->aliases < ALIASES_MAX && !has_answer(j, m) && follow(j, m)) {
		j->aliases++;
		moved = true;
	}
	if (j->aliases >= ALIASES_MAX)
		put_failure(j, "its aliases have no end");
	/* An answer that ends with an alias leads to another zone. A zone's own server knows no more. */
	else if (moved && !has_answer(j, m) && m->rcode == DNS_NOERROR && s->recurse)
		j->server = 0;
	else
		put_records(j, m);
}

/* ---- all of them ---- */

static size_t name_jobs(const struct dns_table *tables, size_t count, struct job **jobs)
{
	size_t n = 0, room = 0;
	struct question q;
	for (size_t i = 0; i < count; i++) {
		while (answers_next(tables[i].answers, &q)) {
			if (n == room)
				*jobs = mem_resize(*jobs, (room = 2 * room + 16) * sizeof **jobs);
			struct job *j = &(*jobs)[n++];
			*j = (struct job){.table = &tables[i],
			    .number = q.number,
			    .type = q.type,
			    .secure = true,
			    .ttl = UINT32_MAX};
			snprintf(j->asked, sizeof j->asked, "%s", q.name);
			snprintf(j->name, sizeof j->name, "%s", q.name);
		}
	}
	return n;
}

/* Asks for each job that is not done yet, once. False when all are. */
static bool round_of(struct job *jobs, size_t n, void (*waiting)(void *arg, unsigned open), void *arg)
{
	struct dns_ask *asks = mem_array(n + 1, sizeof *asks);
	struct job **of = mem_array(n + 1, sizeof *of);
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		struct job *j = &jobs[i];
		if (j->done)
			continue;
		if (!server_of(j, &asks[count].server)) {
			bool any = j->table->source->count > 0 || stub_of(j);
			put_failure(j, any ? "no answer within 5 s" : "there is no name server to ask");
			continue;
		}
		asks[count].recurse = j->table->source->recurse;
		asks[count].name = j->name;
		asks[count].type = j->type;
		of[count++] = j;
	}
	dns_ask_all(asks, count, waiting, arg);
	for (size_t i = 0; i < count; i++)
		take(of[i], &asks[i]);
	for (size_t i = 0; i < count; i++)
		dns_ask_done(&asks[i]);
	mem_free(of);
	mem_free(asks);
	return count > 0;
}

void dns_fill(
    const struct dns_table *tables, size_t count, void (*waiting)(void *arg, unsigned open), void *arg)
{
	struct job *jobs = NULL;
	size_t n = name_jobs(tables, count, &jobs);
	while (round_of(jobs, n, waiting, arg))
		;
	mem_free(jobs);
}
