/*
 * A DMARC aggregate report from XML, element by element. Where an element stands decides what it means; a
 * table has them all. Order does not matter, nor how often an element stands: of a text the first counts.
 */
#include "report/report_read.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "extract/xml.h"

enum {
	PATH_MAX_BYTES = 120, /* of the names above an element; longer ones are none of ours */
	FIRST_ROWS = 64,
	COUNT_MAX = 1000000000 /* messages of one row: more than a day has of any sender */
};

/* One row while it is read, with room for its lists. */
struct row {
	struct report_row row;
	struct report_reason reasons[REPORT_REASONS_MAX];
	struct report_signature signatures[REPORT_SIGNATURES_MAX];
	uint64_t reason_count, signature_count;
	uint64_t more_spf; /* results past the first */
};

struct report_dmarc_reader {
	struct xml_reader *xml;
	struct arena *arena;
	struct report_dmarc report;
	struct row row;
	struct report_row *rows; /* grows on the heap; copied into the arena at the end */
	size_t count, room;
	char path[PATH_MAX_BYTES];
	size_t path_len;
	unsigned beyond; /* elements deeper than the path has room for */
	char text[REPORT_TEXT_MAX + 4];
	size_t text_len;
	bool is_report;
	int error;
};

/* ---- values ---- */

static void fail(struct report_dmarc_reader *r, int error)
{
	if (r->error == 0)
		r->error = error;
	xml_stop(r->xml);
}

static struct view keep(struct report_dmarc_reader *r, struct view text)
{
	bool full = false;
	struct view kept = report_keep(r->arena, text, &full);
	if (full)
		fail(r, -ENOMEM);
	return kept;
}

static void set(struct report_dmarc_reader *r, struct view *to, struct view text)
{
	if (to->len == 0)
		*to = keep(r, text);
}

static void set_number(uint64_t *to, struct view text, uint64_t max)
{
	uint64_t n;
	/* Some write seconds with a fraction. */
	ptrdiff_t dot = view_find(text, '.');
	if (view_to_u64(dot >= 0 ? view_take(text, (size_t)dot) : text, UINT64_MAX, &n) && *to == 0)
		*to = n < max ? n : max;
}

static struct report_signature *signature(struct report_dmarc_reader *r)
{
	static struct report_signature nobodys;
	nobodys = (struct report_signature){0};
	uint64_t i = r->row.signature_count;
	return i < REPORT_SIGNATURES_MAX ? &r->row.signatures[i] : &nobodys;
}

static struct report_reason *reason(struct report_dmarc_reader *r)
{
	static struct report_reason nobodys;
	nobodys = (struct report_reason){0};
	uint64_t i = r->row.reason_count;
	return i < REPORT_REASONS_MAX ? &r->row.reasons[i] : &nobodys;
}

/* ---- the elements ---- */

static const struct place {
	const char *path;
	size_t offset;
} texts_of_report[] =
    {
#define PLACE(path, member)                                                                                  \
	{                                                                                                    \
		path, offsetof(struct report_dmarc, member)                                                  \
	}
        PLACE("/report_metadata/org_name", org), PLACE("/report_metadata/email", email),
        PLACE("/report_metadata/extra_contact_info", contact), PLACE("/report_metadata/report_id", id),
        PLACE("/report_metadata/error", error), PLACE("/report_metadata/generator", generator),
        PLACE("/policy_published/domain", policy.domain), PLACE("/policy_published/p", policy.p),
        PLACE("/policy_published/sp", policy.sp), PLACE("/policy_published/np", policy.np),
        PLACE("/policy_published/adkim", policy.adkim), PLACE("/policy_published/aspf", policy.aspf),
        PLACE("/policy_published/fo", policy.fo), PLACE("/policy_published/testing", policy.testing),
        PLACE("/policy_published/discovery_method", policy.method),
#undef PLACE
        {NULL, 0}},
  texts_of_row[] = {
#define PLACE(path, member)                                                                                  \
	{                                                                                                    \
		path, offsetof(struct report_row, member)                                                    \
	}
      PLACE("/record/row/source_ip", source), PLACE("/record/row/policy_evaluated/disposition", disposition),
      PLACE("/record/row/policy_evaluated/dkim", dkim), PLACE("/record/row/policy_evaluated/spf", spf),
      PLACE("/record/identifiers/header_from", header_from),
      PLACE("/record/identifiers/envelope_from", envelope_from),
      PLACE("/record/auth_results/spf/domain", spf_domain),
      PLACE("/record/auth_results/spf/scope", spf_scope),
      PLACE("/record/auth_results/spf/result", spf_result),
#undef PLACE
      {NULL, 0}};

static bool set_of(
    struct report_dmarc_reader *r, const struct place *places, void *at, struct view path, struct view text)
{
	for (; places->path; places++)
		if (view_equal(path, view_from_string(places->path))) {
			set(r, (struct view *)((char *)at + places->offset), text);
			return true;
		}
	return false;
}

static void end_row(struct report_dmarc_reader *r)
{
	struct row *row = &r->row;
	bool good = row->row.source.len > 0 && row->row.count > 0;
	if (good && r->count == REPORT_ROWS_MAX) {
		r->report.left_out += row->row.count;
	} else if (good) {
		if (r->count == r->room) {
			size_t room = r->room ? 2 * r->room : FIRST_ROWS;
			struct report_row *rows = mem_try_resize(r->rows, room * sizeof *rows);
			if (rows == NULL) {
				fail(r, -ENOMEM);
				return;
			}
			r->rows = rows;
			r->room = room;
		}
		size_t reasons =
		    row->reason_count < REPORT_REASONS_MAX ? row->reason_count : REPORT_REASONS_MAX;
		size_t signatures = row->signature_count < REPORT_SIGNATURES_MAX ? row->signature_count
		                                                                 : REPORT_SIGNATURES_MAX;
		row->row.reasons.items = arena_array(r->arena, reasons, sizeof *row->reasons);
		row->row.signatures.items = arena_array(r->arena, signatures, sizeof *row->signatures);
		if (row->row.reasons.items == NULL || row->row.signatures.items == NULL) {
			fail(r, -ENOMEM);
			return;
		}
		memcpy(row->row.reasons.items, row->reasons, reasons * sizeof *row->reasons);
		memcpy(row->row.signatures.items, row->signatures, signatures * sizeof *row->signatures);
		row->row.reasons.count = reasons;
		row->row.signatures.count = signatures;
		r->rows[r->count++] = row->row;
	}
	*row = (struct row){0};
}

static void take(struct report_dmarc_reader *r, struct view path, struct view text)
{
	static const struct view signatures = {"/record/auth_results/dkim", 25};
	static const struct view reasons = {"/record/row/policy_evaluated/reason", 35};
	if (set_of(r, texts_of_report, &r->report, path, text) ||
	    set_of(r, texts_of_row, &r->row.row, path, text))
		return;
	if (view_equal(path, VIEW("/report_metadata/date_range/begin")))
		set_number(&r->report.begin, text, UINT32_MAX);
	else if (view_equal(path, VIEW("/report_metadata/date_range/end")))
		set_number(&r->report.end, text, UINT32_MAX);
	else if (view_equal(path, VIEW("/record/row/count")))
		set_number(&r->row.row.count, text, COUNT_MAX);
	else if (view_equal(path, VIEW("/record/auth_results/dkim/domain")))
		set(r, &signature(r)->domain, text);
	else if (view_equal(path, VIEW("/record/auth_results/dkim/selector")))
		set(r, &signature(r)->selector, text);
	else if (view_equal(path, VIEW("/record/auth_results/dkim/result")))
		set(r, &signature(r)->result, text);
	else if (view_equal(path, signatures))
		r->row.signature_count++;
	else if (view_equal(path, VIEW("/record/row/policy_evaluated/reason/type")))
		set(r, &reason(r)->type, text);
	else if (view_equal(path, VIEW("/record/row/policy_evaluated/reason/comment")))
		set(r, &reason(r)->comment, text);
	else if (view_equal(path, reasons))
		r->row.reason_count++;
	else if (view_equal(path, VIEW("/record")))
		end_row(r);
}

/* ---- events ---- */

static void start(void *arg, struct view name, const char *const *attributes)
{
	struct report_dmarc_reader *r = arg;
	(void)attributes;
	r->text_len = 0;
	/* The first element is the report's, whatever stands above it. */
	if (!r->is_report) {
		if (!view_equal(name, VIEW("feedback")))
			fail(r, -EBADMSG);
		r->is_report = true;
		return;
	}
	if (r->beyond > 0 || name.len + 1 > sizeof r->path - r->path_len) {
		r->beyond++;
		return;
	}
	r->path[r->path_len++] = '/';
	memcpy(r->path + r->path_len, name.data, name.len);
	r->path_len += name.len;
}

static void end(void *arg, struct view name)
{
	struct report_dmarc_reader *r = arg;
	if (r->beyond > 0) {
		r->beyond--;
	} else if (r->path_len > name.len) {
		take(r, view_of(r->path, r->path_len), view_of(r->text, r->text_len));
		r->path_len -= name.len + 1;
	}
	r->text_len = 0;
}

static void text(void *arg, struct view utf8)
{
	struct report_dmarc_reader *r = arg;
	if (r->text_len == 0 && view_trim(utf8).len == 0)
		return;
	struct view fits = view_take(utf8, sizeof r->text - r->text_len);
	if (fits.len > 0)
		memcpy(r->text + r->text_len, fits.data, fits.len);
	r->text_len += fits.len;
}

/* ---- life ---- */

struct report_dmarc_reader *report_dmarc_reader_new(struct arena *arena)
{
	struct report_dmarc_reader *r = mem_try(sizeof *r);
	if (r == NULL)
		return NULL;
	*r = (struct report_dmarc_reader){.arena = arena};
	const struct xml_events events = {.start = start, .end = end, .text = text, .arg = r};
	r->xml = xml_reader_new(&events);
	if (r->xml == NULL) {
		mem_free(r);
		return NULL;
	}
	return r;
}

void report_dmarc_reader_free(struct report_dmarc_reader *r)
{
	if (r == NULL)
		return;
	xml_reader_free(r->xml);
	mem_free(r->rows);
	mem_free(r);
}

static int feed(struct report_dmarc_reader *r, struct view bytes, bool last)
{
	int error = r->error ? r->error : xml_feed(r->xml, bytes, last);
	if (r->error == 0)
		r->error = error;
	return r->error;
}

int report_dmarc_feed(struct report_dmarc_reader *r, struct view bytes)
{
	return feed(r, bytes, false);
}

int report_dmarc_end(struct report_dmarc_reader *r, struct report_dmarc *out)
{
	int error = feed(r, (struct view){0}, true);
	if (error)
		return error;
	if (r->report.policy.domain.len == 0 || r->count == 0)
		return -EBADMSG;
	struct report_row *rows = arena_array(r->arena, r->count, sizeof *rows);
	if (rows == NULL)
		return -ENOMEM;
	memcpy(rows, r->rows, r->count * sizeof *rows);
	*out = r->report;
	out->rows = (struct codec_list){.items = rows, .count = r->count};
	if (out->end < out->begin)
		out->end = out->begin;
	return 0;
}
