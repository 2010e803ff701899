/* MTA-STS as a sender reads it: RFC 8461. The grammars stand beside their readers. */
#include "trust/route/mta_sts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"

const char mta_sts_path[] = "/.well-known/mta-sts.txt";

static int prefix_name(const char *prefix, const char *domain, char out[DNS_NAME_SIZE])
{
	char text[2 * DNS_NAME_SIZE];
	snprintf(text, sizeof text, "%s%s", prefix, domain);
	return dns_name_parse(view_from_string(text), out);
}

int mta_sts_question(const char *domain, char out[DNS_NAME_SIZE])
{
	return prefix_name("_mta-sts.", domain, out);
}

int mta_sts_host(const char *domain, char out[DNS_NAME_SIZE])
{
	return prefix_name("mta-sts.", domain, out);
}

/* ---- the record, section 3.1 ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_field_name(char c)
{
	return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static bool is_field_value(char c)
{
	return c > ' ' && c <= '~' && c != ';' && c != '=';
}

/* sts-version followed by the end of the field */
static bool is_sts_record(struct view text)
{
	struct cursor in = cursor_on(text);
	if (!view_starts(text, VIEW("v=STSv1")))
		return false;
	cursor_bytes(&in, 7);
	cursor_while(&in, is_blank);
	return cursor_peek(&in) == ';';
}

/*
 * sts-text-record = sts-version 1*(sts-field-delim sts-field) [sts-field-delim]
 * sts-field       = sts-id / sts-extension
 * sts-field-delim = *WSP ";" *WSP
 * sts-id          = %s"id" "=" 1*32(ALPHA / DIGIT)
 */
int mta_sts_record_parse(struct view text, char id[MTA_STS_ID_MAX + 1])
{
	struct view found = {0};
	if (!is_sts_record(text))
		return -EINVAL;
	struct cursor in = cursor_on(view_skip(text, 7));
	for (;;) {
		cursor_while(&in, is_blank);
		if (cursor_at_end(&in))
			break;
		if (!cursor_accept(&in, ';'))
			return -EINVAL;
		cursor_while(&in, is_blank);
		if (cursor_at_end(&in))
			break;
		struct view name = cursor_while(&in, is_field_name);
		if (name.len == 0 || !cursor_accept(&in, '='))
			return -EINVAL;
		struct view value = cursor_while(&in, is_field_value);
		if (value.len == 0)
			return -EINVAL;
		if (view_equal(name, VIEW("id")) && found.len == 0)
			found = value;
	}
	if (found.len == 0 || found.len > MTA_STS_ID_MAX)
		return -EINVAL;
	for (size_t i = 0; i < found.len; i++)
		if (!ascii_is_alnum(found.data[i]))
			return -EINVAL;
	memcpy(id, found.data, found.len);
	id[found.len] = '\0';
	return 0;
}

int mta_sts_id(const struct answer *answer, char id[MTA_STS_ID_MAX + 1])
{
	char found[MTA_STS_ID_MAX + 1];
	unsigned records = 0;
	int error = -ENOENT;
	struct buf text;
	if (answer->status == ANSWER_FAILED || answer->status == ANSWER_BOGUS)
		return -EAGAIN;
	buf_init(&text, DNS_TXT_MAX);
	for (size_t i = 0; i < answer->count; i++) {
		buf_clear(&text);
		if (dns_record_txt(answer->records[i], &text) != 0 || !is_sts_record(buf_view(&text)))
			continue;
		records++;
		error = mta_sts_record_parse(buf_view(&text), found);
	}
	buf_done(&text);
	if (records != 1 || error)
		return -ENOENT;
	memcpy(id, found, sizeof found);
	return 0;
}

/* ---- the policy, section 3.2 ---- */

bool mta_sts_content_type(struct view content_type)
{
	struct view type;
	return view_next(&content_type, ';', &type) && view_equal_nocase(view_trim(type), VIEW("text/plain"));
}

struct reading {
	struct arena *arena;
	struct mta_sts_policy policy;
	struct view mx[MTA_STS_MX_MAX];
	bool has_version, has_mode, has_max_age;
};

static int read_mode(struct reading *r, struct view value)
{
	static const char *const modes[] = {
	    [MTA_STS_NONE] = "none", [MTA_STS_TESTING] = "testing", [MTA_STS_ENFORCE] = "enforce"};
	for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (view_equal(value, view_from_string(modes[i]))) {
			r->policy.mode = (enum mta_sts_mode)i;
			r->has_mode = true;
			return 0;
		}
	return -EINVAL;
}

/* 1*10(DIGIT); more than a year is a year. */
static int read_max_age(struct reading *r, struct view value)
{
	uint64_t seconds;
	if (value.len > 10 || !view_to_u64(value, UINT64_MAX, &seconds))
		return -EINVAL;
	r->policy.max_age = seconds < MTA_STS_AGE_MAX ? (uint32_t)seconds : MTA_STS_AGE_MAX;
	r->has_max_age = true;
	return 0;
}

/* ["*."] Domain */
static int read_mx(struct reading *r, struct view value)
{
	char pattern[DNS_NAME_SIZE + 2] = "*.";
	bool wild = view_starts(value, VIEW("*."));
	if (dns_name_parse(view_skip(value, wild ? 2 : 0), pattern + 2) != 0)
		return -EINVAL;
	if (r->policy.mx_count == MTA_STS_MX_MAX)
		return -E2BIG;
	if (!arena_copy(r->arena, view_from_string(wild ? pattern : pattern + 2), &r->mx[r->policy.mx_count]))
		return -ENOMEM;
	r->policy.mx_count++;
	return 0;
}

static int read_version(struct reading *r, struct view value)
{
	r->has_version = view_equal(value, VIEW("STSv1"));
	return r->has_version ? 0 : -EINVAL;
}

/* sts-policy-field: a name, ":", *WSP, a value. Of all but mx the first counts. */
static int read_field(struct reading *r, struct view line)
{
	ptrdiff_t colon = view_find(line, ':');
	if (colon <= 0)
		return -EINVAL;
	struct view name = view_take(line, (size_t)colon),
	            value = view_trim(view_skip(line, (size_t)colon + 1));
	if (view_equal(name, VIEW("version")))
		return r->has_version ? 0 : read_version(r, value);
	if (view_equal(name, VIEW("mode")))
		return r->has_mode ? 0 : read_mode(r, value);
	if (view_equal(name, VIEW("max_age")))
		return r->has_max_age ? 0 : read_max_age(r, value);
	return view_equal(name, VIEW("mx")) ? read_mx(r, value) : 0;
}

static bool is_complete(const struct reading *r)
{
	return r->has_version && r->has_mode && r->has_max_age &&
	       (r->policy.mx_count > 0 || r->policy.mode == MTA_STS_NONE);
}

int mta_sts_policy_parse(struct view body, struct arena *arena, struct mta_sts_policy *policy)
{
	struct reading r = {.arena = arena};
	struct view line;
	if (body.len > MTA_STS_BODY_MAX)
		return -E2BIG;
	while (body.len && view_next(&body, '\n', &line)) {
		line = view_trim(line);
		int error = line.len ? read_field(&r, line) : 0;
		if (error)
			return error;
	}
	if (!is_complete(&r))
		return -EINVAL;
	struct view *mx = arena_array(arena, r.policy.mx_count, sizeof *mx);
	if (mx == NULL)
		return -ENOMEM;
	memcpy(mx, r.mx, r.policy.mx_count * sizeof *mx);
	r.policy.mx = mx;
	*policy = r.policy;
	return 0;
}

int mta_sts_policy_write(struct buf *out, const struct mta_sts_policy *policy)
{
	static const char *const modes[] = {"none", "testing", "enforce"};
	buf_printf(out, "version: STSv1\nmode: %s\nmax_age: %u\n", modes[policy->mode], policy->max_age);
	for (size_t i = 0; i < policy->mx_count; i++)
		buf_printf(out, "mx: %.*s\n", VIEW_FMT(policy->mx[i]));
	return buf_failed(out) ? -ENOBUFS : 0;
}

/* Section 4.1, with RFC 6125 section 6.4.3: the wildcard is one whole label, the leftmost. */
bool mta_sts_allows(const struct mta_sts_policy *policy, struct view host)
{
	if (host.len && host.data[host.len - 1] == '.')
		host.len--;
	ptrdiff_t dot = view_find(host, '.');
	struct view parent = dot > 0 ? view_skip(host, (size_t)dot) : (struct view){0};
	for (size_t i = 0; i < policy->mx_count; i++) {
		struct view pattern = policy->mx[i];
		if (view_starts(pattern, VIEW("*."))
		        ? parent.len && view_equal_nocase(parent, view_skip(pattern, 1))
		        : view_equal_nocase(host, pattern))
			return true;
	}
	return false;
}

/* ---- what is remembered ---- */

static int64_t since(int64_t then, int64_t now)
{
	return now > then ? now - then : 0;
}

/* A clock that was set back makes nothing younger than it can be: what lies ahead counts from now on. */
static void believe(struct mta_sts_memory *memory, int64_t now)
{
	memory->fetched_at = memory->fetched_at > now ? now : memory->fetched_at;
	memory->failed_at = memory->failed_at > now ? now : memory->failed_at;
}

enum mta_sts_step mta_sts_decide(struct mta_sts_memory *memory, int id_result, const char *id, int64_t now)
{
	believe(memory, now);
	bool valid = memory->has_policy && since(memory->fetched_at, now) < (int64_t)memory->policy.max_age;
	if (id_result != 0)
		return valid ? MTA_STS_USE : MTA_STS_NO_POLICY;
	bool may_fetch = memory->failed_at == 0 || strcmp(memory->failed_id, id) != 0 ||
	                 since(memory->failed_at, now) >= MTA_STS_RETRY_SECONDS;
	if (!valid)
		return may_fetch ? MTA_STS_FETCH : MTA_STS_NO_POLICY;
	if (!may_fetch)
		return MTA_STS_USE;
	if (strcmp(memory->id, id) != 0)
		return MTA_STS_FETCH;
	return since(memory->fetched_at, now) < MTA_STS_REFRESH_SECONDS ? MTA_STS_USE : MTA_STS_REFRESH;
}
