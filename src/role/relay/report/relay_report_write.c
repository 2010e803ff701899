/* See relay_report_write.h. */
#include "role/relay/report/relay_report_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "report/report_wish.h"
#include "report/report_write.h"

enum {
	DAY = 86400,
	DOCUMENT_MAX = 32 << 20 /* of 5,000 rows with the longest names */
};

/* ---- ids ---- */

static const uint64_t hash_start = UINT64_C(0xcbf29ce484222325);

static uint64_t hash_more(uint64_t h, struct view bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		h = (h ^ (unsigned char)bytes.data[i]) * UINT64_C(0x100000001b3);
	return h;
}

static uint64_t hash_group(uint64_t h, const struct relay_report_group *g)
{
	h = hash_more(h, g->policy);
	for (size_t i = 0; i < g->count; i++) {
		h = hash_more(h, g->rows[i].bytes);
		h = hash_more(h, view_of(&g->rows[i].count, sizeof g->rows[i].count));
	}
	return h;
}

/* As random_id makes them: 60 bits in letters and digits. */
static void write_id(uint64_t h, char out[RANDOM_ID_SIZE])
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
	for (int i = 0; i < RANDOM_ID_SIZE - 1; i++, h >>= 5)
		out[i] = letters[h & 31];
	out[RANDOM_ID_SIZE - 1] = '\0';
}

static void begin(struct relay_report *out, enum report_kind kind, uint32_t day, int64_t now)
{
	*out = (struct relay_report){.kind = kind, .begin = (uint64_t)day * DAY};
	out->end = out->begin + DAY - 1;
	if ((uint64_t)now < out->end)
		out->end = (uint64_t)now > out->begin ? (uint64_t)now : out->begin;
	buf_init(&out->document, DOCUMENT_MAX);
}

/* ---- DMARC ---- */

int relay_report_dmarc(const struct relay_report_group *group, uint32_t day, int64_t now, uint64_t left_out,
    const struct relay_report_sender *from, struct relay_report *out)
{
	struct arena arena;
	struct report_wish wish;
	char error_text[120] = "";
	begin(out, REPORT_DMARC, day, now);
	arena_init(&arena, REPORT_MEMORY);
	struct report_row *rows = arena_array(&arena, group->count, sizeof *rows);
	int error = rows ? codec_decode(group->policy, &report_wish_schema, &wish, &arena) : -ENOMEM;
	size_t count = 0;
	for (size_t i = 0; i < group->count && error == 0; i++) {
		if (codec_decode(group->rows[i].bytes, &report_row_schema, &rows[count], &arena) != 0)
			continue;
		rows[count].count = group->rows[i].count;
		out->messages += rows[count++].count;
	}
	if (error == 0 && count == 0)
		error = -EBADMSG;
	if (left_out > 0)
		snprintf(error_text, sizeof error_text,
		    "%" PRIu64 " further messages are not listed: they came in too many different ways",
		    left_out);
	snprintf(
	    out->id, sizeof out->id, "%016" PRIx64, hash_group(hash_more(hash_start, from->hostname), group));
	if (error == 0) {
		struct report_dmarc r = {.org = from->org,
		    .email = from->email,
		    .id = view_from_string(out->id),
		    .error = view_from_string(error_text),
		    .generator = VIEW("Postrider " POSTRIDER_VERSION),
		    .begin = out->begin,
		    .end = out->end,
		    .policy = wish.policy,
		    .rows = {rows, count}};
		error = report_dmarc_write(&r, &out->document) == 0 ? 0 : -ENOMEM;
	}
	arena_done(&arena);
	return error;
}

/* ---- TLS ---- */

/* A success is a row without a kind of failure. */
static int take_policy(const struct relay_report_group *g, struct arena *arena, struct report_tls_policy *out)
{
	if (codec_decode(g->policy, &report_tls_policy_schema, out, arena) != 0)
		return -EBADMSG;
	size_t room = g->count < REPORT_DETAILS_MAX ? g->count : REPORT_DETAILS_MAX;
	struct report_tls_failure *details = arena_array(arena, room, sizeof *details), f;
	if (details == NULL)
		return -ENOMEM;
	out->successes = out->failures = 0;
	out->details = (struct codec_list){.items = details};
	for (size_t i = 0; i < g->count; i++) {
		if (codec_decode(g->rows[i].bytes, &report_tls_failure_schema, &f, arena) != 0)
			continue;
		f.count = g->rows[i].count;
		if (f.type.len == 0) {
			out->successes += f.count;
			continue;
		}
		out->failures += f.count;
		if (out->details.count < room)
			details[out->details.count++] = f;
	}
	return 0;
}

int relay_report_tls(const struct relay_report_group *groups, size_t count, struct view domain, uint32_t day,
    int64_t now, const struct relay_report_sender *from, struct relay_report *out)
{
	struct arena arena;
	uint64_t h = hash_more(hash_more(hash_start, from->hostname), domain);
	size_t taken = 0;
	int error = 0;
	begin(out, REPORT_TLS, day, now);
	arena_init(&arena, REPORT_MEMORY);
	size_t room = count < REPORT_POLICIES_MAX ? count : REPORT_POLICIES_MAX;
	struct report_tls_policy *policies = arena_array(&arena, room, sizeof *policies);
	for (size_t i = 0; policies && i < count && taken < room && error != -ENOMEM; i++) {
		error = take_policy(&groups[i], &arena, &policies[taken]);
		if (error == 0) {
			out->messages += policies[taken].successes + policies[taken].failures;
			taken++;
		}
		h = hash_group(h, &groups[i]);
	}
	snprintf(out->id, sizeof out->id, "%016" PRIx64, h);
	if (policies == NULL || error == -ENOMEM) {
		error = -ENOMEM;
	} else if (taken == 0) {
		error = -EBADMSG;
	} else {
		struct report_tls r = {.org = from->org,
		    .contact = from->email,
		    .id = view_from_string(out->id),
		    .begin = out->begin,
		    .end = out->end,
		    .policies = {policies, taken}};
		error = report_tls_write(&r, &out->document) == 0 ? 0 : -ENOMEM;
	}
	arena_done(&arena);
	return error;
}

/* ---- the mail ---- */

int relay_report_letter(struct relay_report *r, struct view domain, struct view to,
    const struct relay_report_sender *from, int64_t now, struct buf *out)
{
	char boundary[4 * sizeof r->id];
	struct buf text;
	uint64_t h = hash_more(hash_more(hash_start, view_from_string(r->id)), to);
	write_id(h, r->message);
	/* Hexadecimal digits and a word: no line of base64 or of the text can be it. */
	snprintf(boundary, sizeof boundary, "report.%s.%016" PRIx64, r->id, h);
	buf_init(&text, 4096);
	buf_printf(&text,
	    "This is a report by %.*s about %s.\n"
	    "It counts %" PRIu64 " %s, and was made by a program for a program.\n",
	    VIEW_FMT(from->hostname),
	    r->kind == REPORT_TLS ? "the encryption of mail that was sent to the domain below"
	                          : "mail that named the domain below as its author",
	    r->messages, r->kind == REPORT_TLS ? "sessions" : "messages");
	buf_printf(&text, "\nDomain: %.*s\nReport: %s\n", VIEW_FMT(domain), r->id);
	const struct report_mail m = {.kind = r->kind,
	    .org = from->org,
	    .from = from->email,
	    .to = to,
	    .domain = domain,
	    .submitter = from->hostname,
	    .id = view_from_string(r->id),
	    .begin = r->begin,
	    .end = r->end,
	    .date = {.seconds = now, .zone_known = true},
	    .boundary = view_from_string(boundary),
	    .text = buf_view(&text),
	    .document = buf_view(&r->document)};
	int error = report_mail_write(&m, out);
	buf_done(&text);
	return error;
}
