/*
 * The part of a notification that programs read: RFC 8098 section 3.1. Mail programs write it with other
 * blanks, other letters and fields of their own, so that only what has no disposition at all is refused.
 */
#include <errno.h>

#include "dsn/dsn_private.h"
#include "dsn/mdn.h"
#include "format/header.h"

struct reader {
	struct arena *arena;
	struct mdn mdn;
	bool told; /* a disposition was read */
	bool full;
};

static struct view keep(struct reader *r, struct view body)
{
	struct view kept = {0};
	bool cut;
	if (!dsn_keep_line(r->arena, body, MDN_VALUE_MAX, &kept, &cut))
		r->full = true;
	return kept;
}

/* "manual-action/MDN-sent-manually; displayed/error": RFC 8098 section 3.2.6. */
static void read_disposition(struct reader *r, struct view body)
{
	struct view text = keep(r, body), mode, action;
	if (!view_next(&text, ';', &mode) || !view_next(&mode, '/', &action))
		return;
	struct view type;
	if (!view_next(&text, '/', &type))
		return;
	int known = mdn_type_by_name(view_trim(type));
	bool automatic = view_equal_nocase(view_trim(action), VIEW("automatic-action"));
	bool by_itself = view_equal_nocase(view_trim(mode), VIEW("MDN-sent-automatically"));
	if (known < 0 || (!automatic && !view_equal_nocase(view_trim(action), VIEW("manual-action"))) ||
	    (!by_itself && !view_equal_nocase(view_trim(mode), VIEW("MDN-sent-manually"))))
		return;
	r->told = true;
	r->mdn.type = (enum mdn_type)known;
	r->mdn.automatic_action = automatic;
	r->mdn.sent_automatically = by_itself;
}

static void add_error(struct reader *r, struct view body)
{
	if (r->mdn.error_count < MDN_ERRORS_MAX)
		r->mdn.errors[r->mdn.error_count++] = keep(r, body);
}

static void add_extension(struct reader *r, const struct header_field *f)
{
	struct mdn_field *to = &r->mdn.extensions[r->mdn.extension_count];
	if (r->mdn.extension_count == MDN_EXTENSIONS_MAX || mdn_field_is_taken(f->name))
		return;
	for (size_t i = 0; i < r->mdn.extension_count; i++)
		if (view_equal_nocase(r->mdn.extensions[i].name, f->name))
			return;
	to->name = keep(r, f->name);
	to->value = keep(r, f->body);
	r->mdn.extension_count++;
}

static void read_field(struct reader *r, const struct header_field *f)
{
	struct mdn *m = &r->mdn;
	const struct {
		const char *name;
		struct view *to;
	} texts[] = {{"Reporting-UA", &m->reporting_ua}, {"MDN-Gateway", &m->gateway},
	    {"Original-Recipient", &m->original_recipient}, {"Final-Recipient", &m->final_recipient},
	    {"Original-Message-ID", &m->original_message_id}};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (view_equal_nocase(f->name, view_from_string(texts[i].name))) {
			*texts[i].to = keep(r, f->body);
			return;
		}
	if (view_equal_nocase(f->name, VIEW("Disposition")))
		read_disposition(r, f->body);
	else if (view_equal_nocase(f->name, VIEW("Error")))
		add_error(r, f->body);
	else
		add_extension(r, f);
}

int mdn_parse(struct view body, struct arena *arena, struct mdn *mdn)
{
	struct reader r = {.arena = arena};
	unsigned looked = 0;
	while (body.len && looked < MDN_FIELDS_MAX && !r.full) {
		struct header_reader reader = header_read(body);
		struct header_field field;
		/* A broken line is passed over by itself: it must not have all behind it looked through. */
		reader.strict = true;
		while (looked < MDN_FIELDS_MAX && header_next(&reader, &field)) {
			looked++;
			read_field(&r, &field);
		}
		looked++;
		body = view_skip(body, reader.at);
		if (reader.at == 0) {
			ptrdiff_t end = view_find(body, '\n');
			body = view_skip(body, end < 0 ? body.len : (size_t)end + 1);
		}
	}
	if (r.full)
		return -ENOBUFS;
	if (!r.told)
		return -EINVAL;
	*mdn = r.mdn;
	return 0;
}

int mdn_part(const struct mime_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		if (!mime_part_is_forwarded(tree, i) &&
		    (media_type_is(&tree->parts[i].type, "message", "disposition-notification") ||
		        media_type_is(&tree->parts[i].type, "message", "global-disposition-notification")))
			return (int)i;
	return -1;
}
