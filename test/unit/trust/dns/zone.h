/* A small DNS for unit tests: known names with their answers; everything else has no such name. */
#ifndef TEST_ZONE_H
#define TEST_ZONE_H

#include "../../unit.h"

#include <stdio.h>

#include "trust/dns/answers.h"

enum { ZONE_MAX = 200 };

struct zone_entry {
	char name[300];
	unsigned type;
	struct answer answer;
	char canonical[300];
	struct buf data[16]; /* records */
	struct view views[100];
};

static struct zone_entry zone[ZONE_MAX];
static unsigned zone_count, zone_asked, zone_rounds;

static inline void zone_clear(void)
{
	for (unsigned i = 0; i < zone_count; i++)
		for (unsigned j = 0; j < 16; j++)
			buf_done(&zone[i].data[j]);
	zone_count = zone_asked = zone_rounds = 0;
	memset(zone, 0, sizeof zone);
}

/* The entry for a name and type, made if need be: good, validated, without records. */
static inline struct zone_entry *zone_at(const char *name, unsigned type)
{
	for (unsigned i = 0; i < zone_count; i++)
		if (zone[i].type == type && strcmp(zone[i].name, name) == 0)
			return &zone[i];
	assert_true(zone_count < ZONE_MAX);
	struct zone_entry *e = &zone[zone_count++];
	snprintf(e->name, sizeof e->name, "%s", name);
	e->type = type;
	e->answer = (struct answer){.status = ANSWER_GOOD, .secure = true, .ttl = 300, .records = e->views};
	return e;
}

static inline struct zone_entry *zone_data(const char *name, unsigned type, struct view data)
{
	struct zone_entry *e = zone_at(name, type);
	assert_true(e->answer.count < 100);
	struct buf *b = &e->data[e->answer.count % 16];
	if (e->answer.count < 16) {
		buf_init(b, 65536);
		buf_append(b, data);
		e->views[e->answer.count] = buf_view(b);
	} else {
		e->views[e->answer.count] = data;
	}
	e->answer.count++;
	return e;
}

static inline size_t zone_wire_name(const char *name, char *out)
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

static inline struct zone_entry *zone_mx(const char *name, unsigned preference, const char *host)
{
	char data[300] = {(char)(preference >> 8), (char)preference};
	return zone_data(name, DNS_MX, view_of(data, 2 + zone_wire_name(host, data + 2)));
}

static inline struct zone_entry *zone_a(const char *name, unsigned char last)
{
	const unsigned char data[] = {192, 0, 2, last};
	return zone_data(name, DNS_A, view_of(data, 4));
}

static inline struct zone_entry *zone_aaaa(const char *name, unsigned char last)
{
	const unsigned char data[16] = {0x20, 1, 0xd, 0xb8, [15] = last};
	return zone_data(name, DNS_AAAA, view_of(data, 16));
}

static inline struct zone_entry *zone_tlsa(
    const char *name, unsigned usage, unsigned selector, unsigned matching, size_t len)
{
	char data[300] = {(char)usage, (char)selector, (char)matching, 7, 7, 7};
	return zone_data(name, DNS_TLSA, view_of(data, 3 + len));
}

/* A TXT record, in strings of 255 octets. */
static inline struct zone_entry *zone_txt(const char *name, const char *text)
{
	struct buf data;
	buf_init(&data, 64 * 1024);
	struct view rest = view_from_string(text);
	do {
		struct view part = view_take(rest, 255);
		buf_append_u8(&data, (uint8_t)part.len);
		buf_append(&data, part);
		rest = view_skip(rest, part.len);
	} while (rest.len);
	struct zone_entry *e = zone_data(name, DNS_TXT, buf_view(&data));
	buf_done(&data);
	return e;
}

static inline struct zone_entry *zone_ptr(const char *name, const char *target)
{
	char data[300];
	return zone_data(name, DNS_PTR, view_of(data, zone_wire_name(target, data)));
}

static inline void zone_status(const char *name, unsigned type, enum answer_status status, const char *why)
{
	struct zone_entry *e = zone_at(name, type);
	e->answer.status = status;
	e->answer.why = view_from_string(why);
}

static inline void zone_canonical(struct zone_entry *e, const char *canonical)
{
	snprintf(e->canonical, sizeof e->canonical, "%s", canonical);
	e->answer.canonical = view_from_string(e->canonical);
}

static inline bool zone_knows(const char *name)
{
	for (unsigned i = 0; i < zone_count; i++)
		if (strcmp(zone[i].name, name) == 0)
			return true;
	return false;
}

/* Answers all that is missing. False when nothing was. */
static inline bool zone_answer(struct answers *answers)
{
	static const struct answer nxdomain = {.status = ANSWER_NXDOMAIN, .ttl = 300},
	                           nothing = {.status = ANSWER_GOOD, .secure = true, .ttl = 300};
	struct question q;
	unsigned before = zone_asked;
	while (answers_next(answers, &q)) {
		const struct answer *a = zone_knows(q.name) ? &nothing : &nxdomain;
		for (unsigned i = 0; i < zone_count; i++)
			if (zone[i].type == q.type && strcmp(zone[i].name, q.name) == 0)
				a = &zone[i].answer;
		answers_put(answers, q.number, a);
		zone_asked++;
	}
	assert_int_equal(answers_open(answers), 0);
	zone_rounds++;
	return zone_asked > before;
}

#endif
