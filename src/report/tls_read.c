/* A TLS report from JSON: RFC 8460 section 4.4, and what writers make of it: numbers as texts, one text where
 * a list belongs, and the other way round. */
#include "report/report_read.h"

#include <errno.h>

#include "format/date.h"
#include "format/json_read.h"

#define COUNT_MAX UINT64_C(1000000000000)

struct reading {
	struct arena *arena;
	size_t details; /* of all policies */
	bool full;      /* the arena */
};

/* ---- values ---- */

static struct view keep(struct reading *r, struct view text)
{
	return report_keep(r->arena, text, &r->full);
}

static struct view text_of(struct reading *r, const struct json_value *object, const char *name)
{
	const struct json_value *v = json_member(object, name);
	if (v && v->kind == JSON_ARRAY)
		v = v->first;
	return v && (v->kind == JSON_STRING || v->kind == JSON_NUMBER) ? keep(r, v->text) : (struct view){0};
}

static uint64_t number_of(const struct json_value *object, const char *name)
{
	const struct json_value *v = json_member(object, name);
	uint64_t n = 0;
	if (v && (v->kind == JSON_NUMBER || v->kind == JSON_STRING) && !view_to_u64(v->text, UINT64_MAX, &n))
		n = 0;
	return n < COUNT_MAX ? n : COUNT_MAX;
}

static uint64_t time_of(const struct json_value *object, const char *name)
{
	const struct json_value *v = json_member(object, name);
	struct date date;
	if (v == NULL || v->kind != JSON_STRING || date_parse(v->text, &date) != 0 || date.seconds < 0)
		return 0;
	return date.seconds < UINT32_MAX ? (uint64_t)date.seconds : UINT32_MAX;
}

static struct codec_list texts_of(struct reading *r, const struct json_value *object, const char *name)
{
	const struct json_value *v = json_member(object, name);
	struct codec_list list = {0};
	if (v == NULL || (v->kind != JSON_ARRAY && v->kind != JSON_STRING))
		return list;
	const struct json_value *item = v->kind == JSON_ARRAY ? v->first : v;
	struct report_text *texts = arena_array(r->arena, REPORT_STRINGS_MAX, sizeof *texts);
	if (texts == NULL) {
		r->full = true;
		return list;
	}
	for (; item && list.count < REPORT_STRINGS_MAX; item = v->kind == JSON_ARRAY ? item->next : NULL)
		if (item->kind == JSON_STRING)
			texts[list.count++].value = keep(r, item->text);
	list.items = texts;
	return list;
}

/* ---- policies ---- */

static struct report_tls_failure failure_of(struct reading *r, const struct json_value *v)
{
	return (struct report_tls_failure){.type = text_of(r, v, "result-type"),
	    .sending_ip = text_of(r, v, "sending-mta-ip"),
	    .mx_host = text_of(r, v, "receiving-mx-hostname"),
	    .mx_helo = text_of(r, v, "receiving-mx-helo"),
	    .receiving_ip = text_of(r, v, "receiving-ip"),
	    .info = text_of(r, v, "additional-information"),
	    .code = text_of(r, v, "failure-reason-code"),
	    .count = number_of(v, "failed-session-count")};
}

static void take_details(struct reading *r, const struct json_value *list, struct report_tls_policy *p)
{
	if (list == NULL || list->kind != JSON_ARRAY || r->full)
		return;
	size_t room = REPORT_DETAILS_MAX - r->details;
	size_t count = list->count < room ? list->count : room;
	struct report_tls_failure *details = arena_array(r->arena, count, sizeof *details);
	if (details == NULL) {
		r->full = true;
		return;
	}
	const struct json_value *v = list->first;
	for (size_t i = 0; i < count; i++, v = v->next)
		details[i] = failure_of(r, v);
	p->details = (struct codec_list){.items = details, .count = count};
	r->details += count;
}

static struct report_tls_policy policy_of(struct reading *r, const struct json_value *v)
{
	const struct json_value *policy = json_member(v, "policy"), *summary = json_member(v, "summary");
	struct report_tls_policy p = {.type = text_of(r, policy, "policy-type"),
	    .domain = text_of(r, policy, "policy-domain"),
	    .strings = texts_of(r, policy, "policy-string"),
	    .mx = texts_of(r, policy, "mx-host"),
	    .successes = number_of(summary, "total-successful-session-count"),
	    .failures = number_of(summary, "total-failure-session-count")};
	take_details(r, json_member(v, "failure-details"), &p);
	return p;
}

int report_tls_read(struct view json, struct arena *arena, struct report_tls *out)
{
	struct reading r = {.arena = arena};
	struct json_value root;
	if (json.len > REPORT_TLS_JSON_MAX)
		return -EBADMSG;
	int error = json_parse(json, arena, &root);
	if (error)
		return error == -ENOBUFS ? -ENOMEM : -EBADMSG;
	const struct json_value *range = json_member(&root, "date-range"),
	                        *list = json_member(&root, "policies");
	if (list == NULL || list->kind != JSON_ARRAY || list->count == 0)
		return -EBADMSG;
	struct report_tls report = {.org = text_of(&r, &root, "organization-name"),
	    .contact = text_of(&r, &root, "contact-info"),
	    .id = text_of(&r, &root, "report-id"),
	    .begin = time_of(range, "start-datetime"),
	    .end = time_of(range, "end-datetime")};
	size_t count = list->count < REPORT_POLICIES_MAX ? list->count : REPORT_POLICIES_MAX;
	struct report_tls_policy *policies = arena_array(arena, count, sizeof *policies);
	if (policies == NULL)
		return -ENOMEM;
	const struct json_value *v = list->first;
	for (size_t i = 0; i < count; i++, v = v->next)
		policies[i] = policy_of(&r, v);
	if (r.full)
		return -ENOMEM;
	if (policies[0].domain.len == 0)
		return -EBADMSG;
	report.policies = (struct codec_list){.items = policies, .count = count};
	if (report.end < report.begin)
		report.end = report.begin;
	*out = report;
	return 0;
}
