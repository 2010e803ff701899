/*
 * Evaluates SPF and DMARC over a zone that is told on standard input, for suites and differentials
 * (test/suites). A line each, fields by tabs; texts in hex, "-" is the empty one:
 *
 *     zone                          forgets all records
 *     record NAME TYPE STATUS DATA  STATUS: good, nxdomain, failed; DATA: as on the wire, "-" for none
 *     spf ADDRESS HELO LOCAL-PART DOMAIN RECEIVER
 *     dmarc AUTHOR SPF-DOMAIN DKIM-DOMAIN   domains that have passed; "-": none has
 *
 * An answer is a line: result, cause (its number), look-ups, explanation; or result and policy.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trust/sender/dmarc.h"
#include "trust/sender/spf.h"

enum { RECORDS_MAX = 2000, LINE_MAX_OCTETS = 64 * 1024, PER_NAME_MAX = 64 };

struct record {
	char *name;
	unsigned type;
	enum answer_status status;
	struct view data;
	bool has_data;
};

static struct record records[RECORDS_MAX];
static size_t count;

static struct view from_hex(const char *text)
{
	if (strcmp(text, "-") == 0)
		return view_of("", 0);
	size_t len = strlen(text) / 2;
	char *data = malloc(len + 1);
	for (size_t i = 0; i < len; i++) {
		unsigned octet;
		sscanf(text + 2 * i, "%2x", &octet);
		data[i] = (char)octet;
	}
	data[len] = '\0';
	return view_of(data, len);
}

static void forget(void)
{
	for (size_t i = 0; i < count; i++) {
		free(records[i].name);
		if (records[i].data.len)
			free((char *)records[i].data.data);
	}
	count = 0;
}

static void add(char *name, unsigned type, const char *status, const char *data)
{
	if (count == RECORDS_MAX)
		exit(1);
	records[count++] = (struct record){.name = strdup(name),
	    .type = type,
	    .status = strcmp(status, "good") == 0       ? ANSWER_GOOD
	              : strcmp(status, "nxdomain") == 0 ? ANSWER_NXDOMAIN
	                                                : ANSWER_FAILED,
	    .data = from_hex(data),
	    .has_data = strcmp(data, "-") != 0};
}

static void answer(struct answers *answers, const struct question *q)
{
	struct view found[PER_NAME_MAX];
	struct answer a = {.status = ANSWER_NXDOMAIN, .records = found};
	for (size_t i = 0; i < count; i++) {
		const struct record *r = &records[i];
		if (strcasecmp(r->name, q->name) != 0)
			continue;
		if (a.status == ANSWER_NXDOMAIN)
			a.status = ANSWER_GOOD;
		if (r->type != q->type)
			continue;
		if (r->status != ANSWER_GOOD)
			a.status = r->status;
		if (r->has_data && a.count < PER_NAME_MAX)
			found[a.count++] = r->data;
	}
	answers_put(answers, q->number, &a);
}

static bool parse_client(const char *text, struct sockaddr_storage *client)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		memcpy(client, &v4, sizeof v4);
	else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
		memcpy(client, &v6, sizeof v6);
	else
		return false;
	return true;
}

static void check(char *const *fields)
{
	struct sockaddr_storage client;
	struct answers answers;
	struct arena arena;
	struct spf_verdict v;
	struct question q;
	struct view texts[4];
	if (!parse_client(fields[1], &client))
		exit(1);
	for (size_t i = 0; i < 4; i++)
		texts[i] = from_hex(fields[2 + i]);
	struct spf_request request = {.client = (const struct sockaddr *)&client,
	    .helo = texts[0],
	    .local_part = texts[1],
	    .domain = texts[2],
	    .receiver = texts[3],
	    .now = 1000000000,
	    .explain = true};
	answers_init(&answers);
	arena_init(&arena, SPF_MEMORY_MAX);
	for (;;) {
		arena_reset(&arena);
		if (spf_check(&answers, &request, &arena, &v))
			break;
		while (answers_next(&answers, &q))
			answer(&answers, &q);
	}
	printf("%s\t%d\t%u\t%.*s\n", sender_result_name(v.result), (int)v.cause, v.lookups,
	    VIEW_FMT(v.explanation));
	fflush(stdout);
	arena_done(&arena);
	answers_done(&answers);
	for (size_t i = 0; i < 4; i++)
		if (texts[i].len)
			free((char *)texts[i].data);
}

/* A domain that has passed; "-": none. */
static struct dmarc_identity identity(const char *text)
{
	bool any = strcmp(text, "-") != 0;
	return (struct dmarc_identity){view_from_string(any ? text : ""), any ? SENDER_PASS : SENDER_FAIL};
}

static void check_policy(char *const *fields)
{
	struct answers answers;
	struct arena arena;
	struct dmarc_verdict v;
	struct question q;
	struct dmarc_identity dkim = identity(fields[3]);
	struct dmarc_request request = {.author = view_from_string(fields[1]),
	    .spf = identity(fields[2]),
	    .dkim = &dkim,
	    .dkim_count = view_empty(dkim.domain) ? 0 : 1};
	answers_init(&answers);
	arena_init(&arena, 2 * DMARC_MEMORY_MAX);
	for (;;) {
		arena_reset(&arena);
		if (dmarc_check(&answers, &request, &arena, &v))
			break;
		while (answers_next(&answers, &q))
			answer(&answers, &q);
	}
	printf("%s\t%s\n", sender_result_name(v.result), dmarc_policy_name(v.policy));
	fflush(stdout);
	arena_done(&arena);
	answers_done(&answers);
}

int main(void)
{
	static char line[LINE_MAX_OCTETS];
	while (fgets(line, sizeof line, stdin)) {
		char *fields[6] = {0}, *at = line;
		size_t n = 0;
		line[strcspn(line, "\n")] = '\0';
		while (n < 6 && at)
			fields[n++] = strsep(&at, "\t");
		if (strcmp(fields[0], "zone") == 0)
			forget();
		else if (strcmp(fields[0], "record") == 0 && n == 5)
			add(fields[1], (unsigned)strtoul(fields[2], NULL, 10), fields[3], fields[4]);
		else if (strcmp(fields[0], "spf") == 0 && n == 6)
			check(fields);
		else if (strcmp(fields[0], "dmarc") == 0 && n == 4)
			check_policy(fields);
		else
			return 64;
	}
	forget();
	return 0;
}
