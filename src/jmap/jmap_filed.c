/* What rules did with emails: see jmap_filed.h. */
#include "jmap/jmap_filed.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "jmap/jmap_header.h"
#include "jmap/jmap_numbered.h"
#include "mail/mail_id.h"

/* Of JMAP_FILED_EMAILS_MAX emails: a deed's texts as they are kept have at most 2,000 octets. */
enum { TEXTS_MAX = JMAP_FILED_EMAILS_MAX * 16 * 2000 };

void jmap_filed_init(struct jmap_filed *f)
{
	*f = (struct jmap_filed){.error = 0};
	arena_init(&f->texts, TEXTS_MAX);
}

void jmap_filed_done(struct jmap_filed *f)
{
	arena_done(&f->texts);
	mem_free(f->items);
	f->items = NULL;
}

void jmap_filed_clear(struct jmap_filed *f)
{
	arena_reset(&f->texts);
	f->count = 0;
}

static bool keep(struct jmap_filed *f, struct script_deed *d)
{
	struct view *texts[] = {&d->rule_name, &d->why, &d->script, &d->target, &d->flags, &d->places};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (!arena_copy(&f->texts, *texts[i], texts[i]))
			return false;
	return true;
}

void jmap_filed_take(struct jmap_filed *f, const struct script_deed *deed)
{
	struct script_deed kept = *deed;
	if (f->error)
		return;
	if (f->count == f->room) {
		f->room = f->room ? 2 * f->room : 16;
		f->items = mem_resize(f->items, f->room * sizeof *f->items);
	}
	if (keep(f, &kept))
		f->items[f->count++] = kept;
	else
		f->error = -ENOMEM;
}

/* ---- writing ---- */

static void put_number(struct json_out *out, const char *name, uint64_t n)
{
	json_out_name(out, view_from_string(name));
	if (n == 0)
		json_out_null(out);
	else
		json_out_unsigned(out, n);
}

/* Names with a blank between two. */
static void put_flags(struct json_out *out, struct view flags)
{
	struct view flag;
	json_out_name(out, VIEW("flags"));
	json_out_array(out);
	while (view_next(&flags, ' ', &flag))
		if (flag.len > 0)
			json_out_string(out, flag);
	json_out_end(out);
}

void jmap_deed_write(struct json_out *out, const struct script_deed *d)
{
	static const char *const actions[SCRIPT_DEED_KINDS] = {[SCRIPT_KEEPS] = "keep",
	    [SCRIPT_FILES] = "file",
	    [SCRIPT_REDIRECTS] = "redirect",
	    [SCRIPT_DISCARDS] = "discard",
	    [SCRIPT_REJECTS] = "reject",
	    [SCRIPT_EREJECTS] = "ereject",
	    [SCRIPT_ANSWERS] = "answer",
	    [SCRIPT_NOTIFIES] = "notify"};
	jmap_put_text(out, "action", view_from_string(actions[d->kind]));
	jmap_put_text(out, "target", d->target);
	put_flags(out, d->flags);
	jmap_put_text(out, "script", d->script);
	json_out_name(out, VIEW("isServerScript"));
	json_out_bool(out, d->server != 0);
	put_number(out, "line", d->line);
	put_number(out, "rule", d->rule);
	jmap_put_text(out, "ruleName", d->rule_name);
	put_number(out, "testLine", d->why_line);
	jmap_put_text(out, "test", d->why);
}

/* Where the email was put: the mailboxes' ids. A pair of numbers for each, of which the second is a UID. By
 * hand, the first is where it lay, and says where it is if there is no other. */
static void put_mailboxes(struct json_out *out, uint64_t account, const struct script_deed *d)
{
	enum { PLACE_SIZE = 8 };
	bool passes = d->action != 0 && d->places.len > PLACE_SIZE;
	struct cursor in = cursor_on(passes ? view_skip(d->places, PLACE_SIZE) : d->places);
	char id[MAIL_ID_MAX];
	json_out_name(out, VIEW("mailboxIds"));
	json_out_array(out);
	while (in.rest.len >= 8) {
		uint32_t mailbox = cursor_u32(&in);
		(void)cursor_u32(&in);
		json_out_string(out, view_of(id, mail_id_write(id, MAIL_ID_MAILBOX, account, mailbox)));
	}
	json_out_end(out);
}

void jmap_filed_write(struct json_out *out, const struct jmap_filed *f, uint64_t account, uint64_t email)
{
	size_t i = 0;
	while (i < f->count && f->items[i].email != email)
		i++;
	if (i == f->count) {
		json_out_null(out);
		return;
	}
	json_out_object(out);
	json_out_name(out, VIEW("at"));
	jmap_utc_date_write(out, (int64_t)f->items[i].at);
	json_out_name(out, VIEW("byHand"));
	json_out_bool(out, f->items[i].action != 0);
	put_mailboxes(out, account, &f->items[i]);
	json_out_name(out, VIEW("deeds"));
	json_out_array(out);
	for (; i < f->count && f->items[i].email == email; i++)
		if (f->items[i].kind < SCRIPT_DEED_KINDS) {
			json_out_object(out);
			jmap_deed_write(out, &f->items[i]);
			json_out_end(out);
		}
	json_out_end(out);
	json_out_end(out);
}
