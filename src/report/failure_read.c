/* A failure report as others write it: RFC 5965 section 3, RFC 6591 section 3, and what is found in practice
 * (reports of RFC 7489's time name no alignment, and some no domain). */
#include <errno.h>

#include "format/header.h"
#include "mime/mime.h"
#include "report/failure.h"
#include "report/report_find.h"

enum { FIELDS_LOOKED_AT = 200 };

struct reading {
	struct arena *arena;
	bool full;
};

static struct view keep(struct reading *r, struct view body, size_t max)
{
	struct buf line, plain;
	struct view kept = {0};
	buf_init(&line, FAILURE_READ_MAX);
	buf_init(&plain, FAILURE_READ_MAX);
	header_unfold(body, &line);
	struct view text = view_take(buf_view(&line), max);
	if (max <= REPORT_TEXT_MAX) {
		kept = report_keep(r->arena, text, &r->full);
	} else {
		/* Results and records are ASCII. */
		for (size_t i = 0; i < text.len; i++)
			buf_append_byte(&plain, ascii_is_print(text.data[i]) ? text.data[i] : '?');
		r->full = !arena_copy(r->arena, buf_view(&plain), &kept) || r->full;
	}
	r->full = r->full || buf_failed(&line) || buf_failed(&plain);
	buf_done(&line);
	buf_done(&plain);
	return kept;
}

static bool is_named(const struct header_field *f, const char *name)
{
	return view_equal_nocase(f->name, view_from_string(name));
}

/* The host behind "dns;". */
static struct view mta_of(struct view body)
{
	ptrdiff_t mark = view_find(body, ';');
	return mark < 0 ? body : view_skip(body, (size_t)mark + 1);
}

/* True: it is a report of an authentication failure. Of a field that stands twice the first one counts. */
static bool read_feedback(struct reading *r, struct view text, struct report_failure *out)
{
	const struct {
		const char *name;
		struct view *to;
		size_t max;
	} texts[] = {{"auth-failure", &out->type, REPORT_TEXT_MAX},
	    {"identity-alignment", &out->alignment, REPORT_TEXT_MAX},
	    {"delivery-result", &out->delivery, REPORT_TEXT_MAX},
	    {"original-mail-from", &out->mail_from, REPORT_TEXT_MAX},
	    {"source-ip", &out->source, REPORT_TEXT_MAX}, {"reported-domain", &out->domain, REPORT_TEXT_MAX},
	    {"dkim-domain", &out->dkim_domain, REPORT_TEXT_MAX},
	    {"dkim-identity", &out->dkim_identity, REPORT_TEXT_MAX},
	    {"dkim-selector", &out->dkim_selector, REPORT_TEXT_MAX},
	    {"spf-dns", &out->spf_dns, FAILURE_RESULTS_MAX},
	    {"authentication-results", &out->results, FAILURE_RESULTS_MAX}};
	struct header_reader reader = header_read(text);
	struct header_field f;
	bool failure = false;
	for (unsigned n = 0; n < FIELDS_LOOKED_AT && header_next(&reader, &f); n++) {
		struct date date;
		uint64_t number;
		for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
			if (is_named(&f, texts[i].name) && texts[i].to->len == 0)
				*texts[i].to = keep(r, f.body, texts[i].max);
		if (is_named(&f, "feedback-type"))
			failure = failure || view_equal_nocase(view_trim(f.body), VIEW("auth-failure"));
		else if (is_named(&f, "reporting-mta"))
			out->org = keep(r, mta_of(f.body), REPORT_TEXT_MAX);
		else if (is_named(&f, "arrival-date") && date_parse(f.body, &date) == 0 && date.seconds > 0)
			out->at = (uint64_t)date.seconds;
		else if (is_named(&f, "incidents") && view_to_u64(view_trim(f.body), UINT32_MAX, &number))
			out->incidents = number;
		else if (is_named(&f, "source-port") && view_to_u64(view_trim(f.body), 65535, &number))
			out->port = number;
	}
	return failure;
}

static void read_reported(struct reading *r, struct view header, struct report_failure *out)
{
	struct header_reader reader = header_read(header);
	struct header_field f;
	for (unsigned n = 0; n < FIELDS_LOOKED_AT && header_next(&reader, &f); n++) {
		struct view *to = is_named(&f, "from")         ? &out->from
		                  : is_named(&f, "subject")    ? &out->subject
		                  : is_named(&f, "message-id") ? &out->message_id
		                                               : NULL;
		if (to && to->len == 0)
			*to = keep(r, f.body, REPORT_TEXT_MAX);
	}
}

/* Behind the last "@", up to what cannot be in a name. */
static struct view domain_in(struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	struct view domain = at < 0 ? (struct view){0} : view_skip(address, (size_t)at + 1);
	size_t len = 0;
	while (len < domain.len && (ascii_is_alnum(domain.data[len]) || domain.data[len] == '-' ||
	                               domain.data[len] == '.' || (unsigned char)domain.data[len] >= 0x80))
		len++;
	return view_take(domain, len);
}

static bool is_of_type(const struct mime_part *p, const char *type, const char *subtype)
{
	return view_equal_nocase(p->type.type, view_from_string(type)) &&
	       view_equal_nocase(p->type.subtype, view_from_string(subtype));
}

/* The beginning of a part's body: what stands in front is enough. */
static int body_of(const struct mime_part *p, struct view message, struct buf *decoded, struct view *out)
{
	int error = 0;
	*out = view_take(view_skip(message, p->body_offset), p->body_len);
	if (p->encoding == TRANSFER_BASE64 || p->encoding == TRANSFER_QUOTED_PRINTABLE) {
		buf_init(decoded, REPORT_PACKED_MAX);
		error = mime_decode_body(p, message, false, decoded, NULL);
		*out = buf_view(decoded);
	}
	*out = view_take(*out, FAILURE_READ_MAX);
	return error;
}

int report_failure_read(
    struct view message, const struct mime_tree *tree, struct arena *arena, struct report_failure *out)
{
	struct reading r = {.arena = arena};
	const struct mime_part *root = &tree->parts[0];
	bool failure = false, reported = false;
	int error = 0;
	*out = (struct report_failure){.incidents = 1};
	if (!is_of_type(root, "multipart", "report"))
		return -ENOENT;
	arena_reset(arena);
	for (size_t i = 1; i < tree->count && error == 0; i++) {
		const struct mime_part *p = &tree->parts[i];
		struct buf decoded;
		struct view body;
		if (p->parent != 0)
			continue;
		buf_init(&decoded, 0);
		if (!failure && is_of_type(p, "message", "feedback-report")) {
			error = body_of(p, message, &decoded, &body);
			failure = error == 0 && read_feedback(&r, body, out);
		} else if (!reported &&
		           (is_of_type(p, "text", "rfc822-headers") || is_of_type(p, "message", "rfc822") ||
		               is_of_type(p, "message", "global"))) {
			error = body_of(p, message, &decoded, &body);
			if (error == 0)
				read_reported(&r, body, out);
			reported = true;
		}
		buf_done(&decoded);
	}
	if (error == 0 && !failure)
		error = -ENOENT;
	if (error == 0 && root->envelope) {
		const struct envelope *e = root->envelope;
		out->id = keep(&r, e->message_id, REPORT_TEXT_MAX);
		if (out->org.len == 0 && e->from.count > 0)
			out->org = keep(&r, e->from.items[0].domain, REPORT_TEXT_MAX);
	}
	if (out->domain.len == 0)
		out->domain = domain_in(out->from);
	if (error == 0 && out->domain.len == 0)
		error = -EBADMSG;
	if (r.full)
		error = -ENOMEM;
	return error;
}
