/*
 * Answers of a DNS that lies: the evaluation comes to its end within its questions, never leads to ourselves,
 * and never takes TLSA records that could not be had for none.
 *
 * Input: a byte of flags, then for each question: status and bits (1), time to live (1), canonical name (1:
 * which), count (1), and each record's data behind its length (1). The first bytes of a record choose a known
 * form, so that hosts come about.
 */
#include "fuzz.h"

#include <netinet/in.h>
#include <string.h>

#include "base/cursor.h"
#include "trust/route/next_hop.h"

enum { RECORDS = 24 };

static const char *const names[] = {
    "example.org", "a.example.org", "b.example.org", "us.example", "c.d.e.f.example.net", "x", ""};

static size_t wire_name(const char *name, char *out)
{
	size_t len = 0;
	struct view rest = view_from_string(name), label;
	while (rest.len && view_next(&rest, '.', &label)) {
		out[len++] = (char)label.len;
		memcpy(out + len, label.data, label.len);
		len += label.len;
	}
	out[len++] = 0;
	return len;
}

static struct view make_record(struct cursor *in, unsigned type, char out[300])
{
	struct view raw = cursor_bytes(in, cursor_u8(in));
	uint8_t kind = raw.len ? (uint8_t)raw.data[0] : 0;
	if (kind & 0x80 || raw.len == 0)
		return raw;
	if (type == DNS_MX) {
		out[0] = 0;
		out[1] = (char)(kind & 7);
		return view_of(out, 2 + wire_name(names[(kind >> 3) % 7], out + 2));
	}
	memset(out, kind, 300);
	if (type == DNS_TLSA) {
		out[0] = (char)(kind & 3);
		out[1] = (char)(kind >> 2 & 1);
		out[2] = (char)(kind >> 3 & 3);
	}
	return view_of(out, type == DNS_A ? 4 : type == DNS_AAAA ? 16 : 35);
}

static bool tlsa_failed;
static char failed_name[DNS_NAME_SIZE];

static void answer(struct answers *answers, const struct question *q, struct cursor *in)
{
	static char data[RECORDS][300];
	struct view records[RECORDS];
	uint8_t bits = cursor_u8(in);
	struct answer a = {.status = (enum answer_status)(bits & 3),
	    .secure = bits & 4,
	    .ttl = cursor_u8(in),
	    .records = records};
	uint8_t canonical = cursor_u8(in);
	if (canonical & 1)
		a.canonical = view_from_string(names[(canonical >> 1) % 7]);
	a.count = cursor_u8(in) % RECORDS;
	for (size_t i = 0; i < a.count; i++)
		records[i] = make_record(in, q->type, data[i]);
	if (q->type == DNS_TLSA && a.status >= ANSWER_FAILED) {
		tlsa_failed = true;
		strcpy(failed_name, q->name);
	}
	answers_put(answers, q->number, &a);
}

static void check_host(const struct next_host *h, bool no_dane)
{
	check(h->address_count > 0 && h->address_count <= NEXT_HOP_ADDRESSES_MAX);
	for (size_t i = 0; i < h->address_count; i++)
		check(h->addresses[i].ss_family == AF_INET || h->addresses[i].ss_family == AF_INET6);
	check(strcmp(h->name, "us.example") != 0);
	check(h->dane.name_count <= DANE_NAMES_MAX && h->dane.count <= DANE_RECORDS_MAX);
	check((h->dane.level == DANE_VERIFY) == (h->dane.count > 0));
	check((h->dane.level == DANE_NONE) == (h->dane.base == NULL));
	check(!no_dane || h->dane.level == DANE_NONE);
	for (size_t i = 0; i < h->dane.count; i++)
		touch(h->dane.records[i].data);
	/* The last one that could not be had: its host is not among these, unless another name's records came
	 * first. */
	if (tlsa_failed && !no_dane && h->address_secure && strncmp(failed_name, "_25._tcp.", 9) == 0 &&
	    strcmp(failed_name + 9, h->name) == 0)
		check(h->dane.level != DANE_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor in = cursor_on(view_of(data, size));
	uint8_t flags = cursor_u8(&in);
	struct view own = VIEW("us.example");
	struct next_hop_request request = {
	    .domain = flags & 8 ? view_skip(view_of(data, size), 1) : VIEW("example.org"),
	    .port = 25,
	    .no_mx = flags & 1,
	    .no_dane = flags & 2,
	    .no_ipv6 = flags & 4,
	    .own_names = &own,
	    .own_name_count = flags & 1 ? 0 : 1,
	    .seed = flags};
	struct answers answers;
	struct arena arena;
	struct next_hop hop = {0};
	struct question q;
	unsigned asked = 0, rounds = 0;
	answers_init(&answers);
	arena_init(&arena, 65536);
	tlsa_failed = false;
	enum next_hop_verdict verdict;
	while ((verdict = next_hop_find(&answers, &request, &arena, &hop)) == NEXT_HOP_WAIT) {
		unsigned before = asked;
		while (answers_next(&answers, &q)) {
			answer(&answers, &q, &in);
			asked++;
		}
		check(asked > before && asked <= ANSWERS_QUESTIONS_MAX && ++rounds < 10);
	}
	check((verdict == NEXT_HOP_HOSTS) == (hop.count > 0));
	check((verdict == NEXT_HOP_HOSTS) == (hop.reason == NULL));
	check(hop.count <= NEXT_HOP_HOSTS_MAX && hop.ttl > 0);
	for (size_t i = 0; i < hop.count; i++)
		check_host(&hop.hosts[i], request.no_dane);
	arena_done(&arena);
	answers_done(&answers);
	return 0;
}
