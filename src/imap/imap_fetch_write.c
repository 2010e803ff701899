/* A message's FETCH response (RFC 9051 section 7.5.2), written from what is known of it. */
#include "imap/imap_fetch.h"

#include "imap/imap_envelope.h"
#include "mail/mail_id.h"

bool imap_pen_fetch_begin(struct imap_pen *p, const struct imap_fetch_view *v, uint32_t number, uint32_t uid)
{
	imap_pen_view(p, VIEW("* "));
	imap_pen_number(p, v->uid_only ? uid : number);
	if (v->uid_only) {
		/* RFC 9586 section 3.3 */
		imap_pen_view(p, VIEW(" UIDFETCH ("));
		return false;
	}
	if (!v->by_uid) {
		imap_pen_view(p, VIEW(" FETCH ("));
		return false;
	}
	imap_pen_view(p, VIEW(" FETCH (UID "));
	imap_pen_number(p, uid);
	return true;
}

static void put_keyword(struct imap_pen *p, const struct imap_fetch_view *v, uint32_t number, bool *any)
{
	struct view name = mail_names_get(imap_names(v->session), v->account, number);
	if (name.len == 0)
		return;
	if (*any)
		imap_pen_byte(p, ' ');
	imap_pen_view(p, name);
	*any = true;
}

void imap_pen_flags(struct imap_pen *p, const struct imap_fetch_view *v, const struct mail_message *m)
{
	static const struct {
		uint64_t flag;
		const char *name;
		size_t len;
	} system[] = {{FLAG_ANSWERED, " \\Answered", 10}, {FLAG_FLAGGED, " \\Flagged", 9},
	    {FLAG_DELETED, " \\Deleted", 9}, {FLAG_SEEN, " \\Seen", 6}, {FLAG_DRAFT, " \\Draft", 7}};
	bool any = false;
	imap_pen_byte(p, '(');
	for (size_t i = 0; i < sizeof system / sizeof system[0]; i++) {
		if (!(m->flags & system[i].flag))
			continue;
		imap_pen_view(p, view_of(system[i].name + !any, system[i].len - !any));
		any = true;
	}
	if (v->recent && m->uid >= v->recent) {
		imap_pen_view(p, any ? VIEW(" \\Recent") : VIEW("\\Recent"));
		any = true;
	}
	uint64_t keywords = m->flags / FLAG_KEYWORD;
	for (uint32_t number = 0; keywords; number++, keywords >>= 1)
		if (keywords & 1)
			put_keyword(p, v, number, &any);
	struct cursor more = cursor_on(m->more_keywords);
	while (!cursor_at_end(&more) && cursor_ok(&more))
		put_keyword(p, v, cursor_u16(&more), &any);
	imap_pen_byte(p, ')');
}

/* objectid (RFC 8474 section 7): the account's number stands in it, since two accounts may meet in one
 * session. */
static void put_id(struct imap_pen *p, char kind, uint64_t owner, uint64_t id)
{
	char text[MAIL_ID_MAX];

	imap_pen_byte(p, '(');
	imap_pen_view(p, view_of(text, mail_id_write(text, kind, owner, id)));
	imap_pen_byte(p, ')');
}

void imap_pen_fetch_item(struct imap_pen *p, const struct imap_fetch_view *v, const struct imap_fetched *f,
    const struct imap_fetch_item *item)
{
	const struct mail_message *m = &f->m;
	imap_pen_view(p, item->label);
	imap_pen_byte(p, ' ');
	switch (item->kind) {
	case IMAP_FETCH_UID:
		imap_pen_number(p, m->uid);
		break;
	case IMAP_FETCH_FLAGS:
		imap_pen_flags(p, v, m);
		break;
	case IMAP_FETCH_INTERNALDATE:
		imap_pen_date_time(p, m->internaldate);
		break;
	case IMAP_FETCH_SAVEDATE:
		imap_pen_date_time(p, m->savedate);
		break;
	case IMAP_FETCH_SIZE:
		imap_pen_number(p, m->size);
		break;
	case IMAP_FETCH_MODSEQ:
		imap_pen_byte(p, '(');
		imap_pen_number(p, m->modseq);
		imap_pen_byte(p, ')');
		break;
	case IMAP_FETCH_ENVELOPE:
		imap_pen_envelope(p, &f->envelope);
		break;
	case IMAP_FETCH_BODY:
	case IMAP_FETCH_BODYSTRUCTURE:
		imap_pen_structure(p, &f->tree, 0, item->kind == IMAP_FETCH_BODYSTRUCTURE);
		break;
	case IMAP_FETCH_EMAILID:
		put_id(p, 'E', v->owner, m->emailid);
		break;
	case IMAP_FETCH_THREADID:
		if (m->thread)
			put_id(p, 'T', v->owner, m->thread);
		else
			imap_pen_view(p, VIEW("NIL"));
		break;
	case IMAP_FETCH_ANNOTATION:
		imap_pen_annotations(p, item->annotations, v->annotations, m->uid);
		break;
	case IMAP_FETCH_PREVIEW:
		imap_pen_string(p, f->has_preview ? f->preview : (struct view){0});
		break;
	default: /* those with a section */
		break;
	}
}

static struct view part_of(const struct imap_fetch_item *item, struct view bytes)
{
	if (!item->partial)
		return bytes;
	struct imap_extent e = imap_extent_partial(bytes.len, item->offset, item->count);
	return view_take(view_skip(bytes, (size_t)e.offset), (size_t)e.len);
}

static void put_literal(struct imap_pen *p, const struct imap_fetch_item *item, struct view bytes)
{
	bytes = part_of(item, bytes);
	bool nul = item->kind == IMAP_FETCH_BINARY && bytes.len && memchr(bytes.data, '\0', bytes.len);
	imap_pen_view(p, nul ? VIEW("~{") : VIEW("{"));
	imap_pen_number(p, bytes.len);
	imap_pen_view(p, VIEW("}\r\n"));
	if (nul)
		imap_pen_view(p, bytes);
	else
		imap_pen_octets(p, bytes);
}

/* Fields picked out, or the content behind an encoding. Neither is longer than what it comes from, but for an
 * empty line and the end of the last one. */
static void make_shown(
    const struct imap_fetch_item *item, const struct imap_place_found *found, struct buf *out)
{
	struct transfer_decoder decoder;
	if (found->picks) {
		imap_section_fields(&item->section, found->bytes, out);
		return;
	}
	transfer_decoder_init(&decoder, found->encoding);
	transfer_decode(&decoder, found->bytes, out);
	transfer_decode_end(&decoder, out);
}

void imap_pen_fetch_section(
    struct imap_pen *p, const struct imap_fetch_item *item, const struct imap_place_found *found)
{
	struct buf shown;
	imap_pen_view(p, item->label);
	imap_pen_byte(p, ' ');
	if (found->place == IMAP_PLACE_NOWHERE || found->place == IMAP_PLACE_UNKNOWN) {
		imap_pen_view(p, item->kind == IMAP_FETCH_BINARY_SIZE ? VIEW("0") : VIEW("NIL"));
		return;
	}
	if (item->kind == IMAP_FETCH_BINARY_SIZE && !found->decodes) {
		imap_pen_number(p, found->extent.len);
		return;
	}
	if (!found->picks && !found->decodes) {
		put_literal(p, item, found->bytes);
		return;
	}
	buf_init(&shown, found->bytes.len + 64);
	make_shown(item, found, &shown);
	if (item->kind == IMAP_FETCH_BINARY_SIZE)
		imap_pen_number(p, buf_view(&shown).len);
	else
		put_literal(p, item, buf_view(&shown));
	buf_done(&shown);
}
