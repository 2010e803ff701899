/* See jmap_smime.h. */
#include "jmap/jmap_smime.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "jmap/jmap_header.h"
#include "mail/email_wire.h"
#include "mime/signed_part.h"
#include "mime/summary.h"

enum {
	/* Of one email's structure, decoded. */
	STRUCTURE_MEMORY = 4 << 20
};

void jmap_smime_init(struct jmap_smime *s)
{
	*s = (struct jmap_smime){.error = 0};
	buf_init(&s->open, (size_t)EMAIL_IDS_BYTES);
}

void jmap_smime_done(struct jmap_smime *s)
{
	mem_free(s->items);
	buf_done(&s->open);
	s->items = NULL;
}

/* ---- gathering ---- */

/* Emails come in the order of the question, which may be any: found again by bisection, so kept in order. */
static void add(struct jmap_smime *s, uint64_t email)
{
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 16;
		struct email_smime_verdict *more = mem_try_resize(s->items, room * sizeof *more);
		if (more == NULL) {
			s->error = -ENOMEM;
			return;
		}
		s->items = more;
		s->room = room;
	}
	size_t at = s->count++;
	for (; at > 0 && s->items[at - 1].email > email; at--)
		s->items[at] = s->items[at - 1];
	/* Until something is known. */
	s->items[at] =
	    (struct email_smime_verdict){.email = email, .status = SMIME_SIGNED, .delivered = SMIME_SIGNED};
	if (buf_append_u64(&s->open, email) != 0)
		s->error = -ENOMEM;
}

static struct email_smime_verdict *find(const struct jmap_smime *s, uint64_t email)
{
	size_t low = 0, high = s->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->items[middle].email < email)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->count && s->items[low].email == email ? &s->items[low] : NULL;
}

/* A message whose structure was too large to be kept is looked at as well: its content tells. */
static bool may_be_signed(const struct mail_message *m, struct arena *arena)
{
	struct mime_tree tree;
	arena_reset(arena);
	return mime_tree_decode(m->structure, arena, &tree) != 0 || mime_signed_part(&tree) >= 0;
}

void jmap_smime_entries(struct jmap_smime *s, const struct email_entries *entries)
{
	struct cursor in = cursor_on(entries->entries);
	struct email_entry e;
	struct arena arena;
	arena_init(&arena, STRUCTURE_MEMORY);
	while (s->error == 0 && email_entry_get(&in, MAIL_WANT_STRUCTURE, &e))
		if (find(s, e.message.emailid) == NULL && may_be_signed(&e.message, &arena))
			add(s, e.message.emailid);
	arena_done(&arena);
}

struct view jmap_smime_next(struct jmap_smime *s)
{
	struct view next =
	    view_take(view_skip(buf_view(&s->open), s->asked), (size_t)EMAIL_SMIME_IDS_MAX * EMAIL_ID_SIZE);
	s->asked += next.len;
	return next;
}

void jmap_smime_take(struct jmap_smime *s, const struct email_smime_verdict *verdict)
{
	struct email_smime_verdict *known = find(s, verdict->email);
	if (known)
		*known = *verdict;
}

const struct email_smime_verdict *jmap_smime_find(const struct jmap_smime *s, uint64_t email)
{
	return find(s, email);
}

/* ---- writing ---- */

void jmap_smime_write_status(struct json_out *out, const struct email_smime_verdict *v, uint64_t status)
{
	static const char *const names[SMIME_STATUSES] = {[SMIME_UNKNOWN] = "unknown",
	    [SMIME_SIGNED] = "signed",
	    [SMIME_FAILED] = "signed/failed",
	    [SMIME_VERIFIED] = "signed/verified"};
	if (v == NULL || status >= SMIME_STATUSES || names[status] == NULL)
		json_out_null(out);
	else
		json_out_string(out, view_from_string(names[status]));
}

void jmap_smime_write_errors(struct json_out *out, const struct email_smime_verdict *v)
{
	static const struct {
		uint64_t problem;
		const char *text;
	} texts[] = {
	    {SMIME_MALFORMED, "The signature cannot be read."},
	    {SMIME_TOO_MUCH, "The signature has more signers or certificates than are looked at."},
	    {SMIME_PARTLY, "The signature covers only a part of the message."},
	    {SMIME_NO_CERTIFICATE, "The signer's certificate is not in the message."},
	    {SMIME_CHANGED,
	        "The message is not what was signed: it was changed, or the signature is forged."},
	    {SMIME_WEAK, "The signature uses a digest or a key that can be forged."},
	    {SMIME_UNTRUSTED, "The signer's certificate comes from nobody whom this server trusts."},
	    {SMIME_EXPIRED, "A certificate of the signature has expired, or is not valid yet."},
	    {SMIME_PURPOSE, "The signer's certificate is not meant for signing mail."},
	    {SMIME_CHAIN, "The certificates of the signature break a rule for certificates."},
	    {SMIME_ADDRESS, "The signer's certificate is for another address than the one in From."},
	};
	if (v == NULL || v->status != SMIME_FAILED) {
		json_out_null(out);
		return;
	}
	json_out_array(out);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (v->problems & texts[i].problem)
			json_out_string(out, view_from_string(texts[i].text));
	json_out_end(out);
}

void jmap_smime_write_at(struct json_out *out, const struct email_smime_verdict *v)
{
	if (v == NULL || v->at == 0 || v->status == SMIME_NONE || v->status == SMIME_SIGNED)
		json_out_null(out);
	else
		jmap_utc_date_write(out, (int64_t)v->at);
}
