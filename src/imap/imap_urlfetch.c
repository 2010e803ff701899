/*
 * URLFETCH (RFC 4467 section 7.3), with the parameters of RFC 5524: BODY, what the URL names as it stands in
 * the message; BINARY, the same behind its encoding; BODYPARTSTRUCTURE, what it is.
 *
 * Of another's mailbox the URL's token is the right to what it names, whether the session may read that
 * mailbox or not, and store looks at it (MAIL_SHOW).
 */
#include <errno.h>

#include "imap/imap_commands.h"
#include "imap/imap_envelope.h"
#include "imap/imap_source.h"
#include "imap/imap_urlauth.h"

enum { AS_TEXT = 1 << 0, AS_BODY = 1 << 1, AS_BINARY = 1 << 2, WITH_STRUCTURE = 1 << 3 };

struct urlfetch {
	struct {
		struct view url; /* as it was given */
		unsigned as;
	} asked[IMAP_URLS_MAX];
	size_t count, next;
	struct mail_url url;
	struct imap_url_key key;
	struct imap_source source;
	bool open;

	/* Of what is shown behind its encoding: it is read twice, since its length comes first. */
	struct transfer_decoder decoder;
	bool counting, nul, eight_bit;
	uint64_t decoded, lines; /* octets and line ends so far */
	uint64_t skip, left;     /* of them: not shown, and still to be shown */
	int64_t error;
};

static void fetch_next(struct imap_session *s);

static void close_source(struct urlfetch *u)
{
	if (u->open)
		imap_source_end(&u->source);
	u->source = (struct imap_source){0};
	u->open = false;
}

static void release(void *data)
{
	struct urlfetch *u = data;
	close_source(u);
	buf_done(&u->key.key);
}

static unsigned asked_as(const struct urlfetch *u)
{
	return u->asked[u->next].as;
}

static void go_on(struct imap_session *s)
{
	struct urlfetch *u = imap_data(s);
	imap_put_line(s);
	close_source(u);
	u->next++;
	fetch_next(s);
}

static void put_name(struct imap_session *s, const struct urlfetch *u)
{
	imap_puts(s, "* URLFETCH ");
	imap_put_astring(s, u->asked[u->next].url);
}

/* RFC 4467 section 7: whatever the reason, it is not told. */
static void put_nothing(struct imap_session *s)
{
	put_name(s, imap_data(s));
	imap_puts(s, " NIL");
	go_on(s);
}

/* ---- what it is ---- */

/* RFC 5524: what is shown without its encoding is described so. BODYPARTSTRUCTURE, where the URL names a
 * message or a part of one; of anything else in a message there is none. False: none was written. */
static bool put_structure(struct imap_session *s, const struct urlfetch *u)
{
	const struct imap_section *section = &u->source.item.section;
	const struct mime_tree *tree = &u->source.fetched.tree;
	/* What a URL shows itself comes with its own structure alone. */
	int part = section->part.len && !u->source.shown.len ? imap_section_part(section, tree) : 0;
	struct mime_part decoded;
	struct mime_tree one = {.parts = &decoded, .count = 1};
	struct imap_pen p;
	if (!(asked_as(u) & WITH_STRUCTURE) || section->text != IMAP_SECTION_WHOLE || part < 0 ||
	    (size_t)part >= tree->count)
		return false;
	imap_puts(s, " (BODYPARTSTRUCTURE ");
	imap_pen_begin(&p, s->out, false);
	if (u->source.place.decodes) {
		decoded = tree->parts[part];
		decoded.parent = -1;
		decoded.encoding = u->nul ? TRANSFER_BINARY : u->eight_bit ? TRANSFER_8BIT : TRANSFER_7BIT;
		decoded.body_len = u->decoded;
		decoded.body_lines = u->lines;
		imap_pen_structure(&p, &one, 0, true);
	} else {
		imap_pen_structure(&p, tree, (size_t)part, true);
	}
	imap_pen_end(&p);
	imap_puts(s, ")");
	return true;
}

/* ---- its octets ---- */

static void begin_literal(struct imap_session *s, uint64_t len)
{
	struct urlfetch *u = imap_data(s);
	put_name(s, u);
	put_structure(s, u);
	imap_puts(s, asked_as(u) & AS_BODY ? " (BODY " : asked_as(u) & AS_BINARY ? " (BINARY " : " ");
	imap_puts(s, u->nul ? "~{" : "{");
	imap_put_number(s, len);
	imap_puts(s, "}\r\n");
}

static void end_literal(struct imap_session *s, bool whole)
{
	struct urlfetch *u = imap_data(s);
	if (!whole) {
		imap_bye(s, "UNAVAILABLE", "A message could not be read to its end.");
		return;
	}
	if (!(asked_as(u) & AS_TEXT))
		imap_puts(s, ")");
	go_on(s);
}

static void put_octets(struct imap_session *s, const struct urlfetch *u, struct view bytes)
{
	struct imap_pen p;
	imap_pen_begin(&p, s->out, false);
	if (u->nul)
		imap_pen_view(&p, bytes);
	else
		imap_pen_octets(&p, bytes);
	imap_pen_end(&p);
}

static void octets_came(struct imap_session *s, struct view bytes)
{
	put_octets(s, imap_data(s), bytes);
}

static void octets_ended(struct imap_session *s, int64_t error)
{
	struct urlfetch *u = imap_data(s);
	end_literal(s, error == 0 && u->source.left == 0);
}

/* ---- behind their encoding ---- */

static void take_decoded(struct imap_session *s, struct urlfetch *u, struct view bytes)
{
	u->decoded += bytes.len;
	if (u->counting) {
		for (size_t i = 0; i < bytes.len; i++) {
			u->nul |= bytes.data[i] == '\0';
			u->eight_bit |= (unsigned char)bytes.data[i] > 127;
			u->lines += bytes.data[i] == '\n';
		}
		return;
	}
	size_t skip = u->skip < bytes.len ? (size_t)u->skip : bytes.len;
	u->skip -= skip;
	bytes = view_skip(bytes, skip);
	bytes = view_take(bytes, u->left < bytes.len ? (size_t)u->left : bytes.len);
	u->left -= bytes.len;
	put_octets(s, u, bytes);
}

static void decode(struct imap_session *s, struct urlfetch *u, struct view bytes, bool last)
{
	struct buf decoded;
	buf_init(&decoded, bytes.len + sizeof u->decoder.held + 8);
	transfer_decode(&u->decoder, bytes, &decoded);
	if (last)
		transfer_decode_end(&u->decoder, &decoded);
	take_decoded(s, u, buf_view(&decoded));
	if (buf_failed(&decoded))
		u->error = -1;
	buf_done(&decoded);
}

static void encoded_came(struct imap_session *s, struct view bytes)
{
	decode(s, imap_data(s), bytes, false);
}

static void encoded_ended(struct imap_session *s, int64_t error);

static void decode_from_start(struct imap_session *s, struct urlfetch *u, bool counting)
{
	transfer_decoder_init(&u->decoder, u->source.place.encoding);
	u->counting = counting;
	u->decoded = u->lines = 0;
	imap_source_rewind(&u->source);
	imap_source_read(s, &u->source, UINT64_MAX, encoded_came, encoded_ended);
}

static void encoded_ended(struct imap_session *s, int64_t error)
{
	struct urlfetch *u = imap_data(s);
	const struct mail_url *url = &u->source.url;
	decode(s, u, (struct view){0}, true);
	bool whole = error == 0 && u->error == 0 && u->source.left == 0;
	if (!u->counting) {
		end_literal(s, whole && u->left == 0);
	} else if (!whole) {
		put_nothing(s);
	} else {
		struct imap_extent part = imap_extent_partial(u->decoded, url->partial ? url->offset : 0,
		    url->partial && url->count ? url->count : UINT64_MAX);
		u->skip = part.offset;
		u->left = part.len;
		begin_literal(s, part.len);
		decode_from_start(s, u, false);
	}
}

/* ---- one URL ---- */

static void source_opened(struct imap_session *s, struct imap_source *source, int64_t error)
{
	struct urlfetch *u = imap_data(s);
	u->error = 0;
	u->eight_bit = false;
	u->nul = source->place.encoding == TRANSFER_BINARY && source->item.kind == IMAP_FETCH_BINARY;
	if (error) {
		put_nothing(s);
	} else if (source->place.place == IMAP_PLACE_UNKNOWN) { /* nobody knows how to decode it */
		put_name(s, u);
		put_structure(s, u);
		imap_puts(s, " (BINARY NIL)");
		go_on(s);
	} else if (asked_as(u) == WITH_STRUCTURE) {
		put_name(s, u);
		if (!put_structure(s, u))
			imap_puts(s, " NIL");
		go_on(s);
	} else if (source->place.decodes) {
		decode_from_start(s, u, true);
	} else {
		begin_literal(s, source->size);
		imap_source_read(s, source, UINT64_MAX, octets_came, octets_ended);
	}
}

static void keyed(struct imap_session *s, int64_t error)
{
	struct urlfetch *u = imap_data(s);
	struct view key = buf_view(&u->key.key);
	u->source.binary = asked_as(u) & AS_BINARY;
	if (error == -ENOENT || error == -EACCES) {
		u->open = true;
		imap_source_show(s, &u->source, u->asked[u->next].url, source_opened);
		return;
	}
	/* Whom it admits store says of others' mailboxes. */
	bool admitted = u->url.access != MAIL_URL_USER || mail_url_is_user(u->url.access_user, s->address);
	if (error || key.len == 0 || !admitted || !mail_url_token_matches(key, &u->url)) {
		put_nothing(s);
		return;
	}
	u->open = true;
	imap_source_open(s, &u->source, u->asked[u->next].url, source_opened);
}

/* "submit+" is a submission server's, which no session here is. */
static bool is_for_us(const struct imap_session *s, const struct mail_url *url)
{
	if (url->expires && url->expire < s->backend->now(s->arg))
		return false;
	if (url->access == MAIL_URL_AUTHUSER || url->access == MAIL_URL_ANONYMOUS)
		return true;
	return url->access == MAIL_URL_USER;
}

static void fetch_next(struct imap_session *s)
{
	struct urlfetch *u = imap_data(s);
	if (u->next == u->count)
		imap_ok(s, NULL, "URLFETCH completed");
	else if (mail_url_parse(u->asked[u->next].url, imap_arena(s), &u->url) && u->url.absolute &&
	         u->url.token.len && is_for_us(s, &u->url))
		imap_url_find_key(s, &u->key, &u->url, keyed);
	else
		put_nothing(s);
}

/* ---- parsing ---- */

/* *(SP url-fetch-param) ")": without any, BODY is meant. */
static bool take_parameters(struct imap_in *in, unsigned *as)
{
	while (imap_in_take(in, ' ')) {
		if (imap_in_word(in, "BODY"))
			*as |= AS_BODY;
		else if (imap_in_word(in, "BINARY"))
			*as |= AS_BINARY;
		else if (imap_in_word(in, "BODYPARTSTRUCTURE"))
			*as |= WITH_STRUCTURE;
		else
			imap_in_wrong(in, "a URL can be shown as BODY or BINARY, with BODYPARTSTRUCTURE");
		if (in->wrong)
			return false;
	}
	if (*as == 0)
		*as = AS_BODY;
	if ((*as & AS_BODY) && (*as & AS_BINARY))
		imap_in_wrong(in, "a URL is shown as BODY or as BINARY, not as both");
	return imap_in_char(in, ')');
}

static bool take_url(struct imap_in *in, struct urlfetch *u)
{
	if (u->count == IMAP_URLS_MAX) {
		imap_in_wrong(in, "[LIMIT] there are too many URLs");
		return false;
	}
	bool extended = imap_in_take(in, '(');
	size_t at = u->count++;
	u->asked[at].as = extended ? 0 : AS_TEXT;
	return imap_in_astring(in, &u->asked[at].url) && (!extended || take_parameters(in, &u->asked[at].as));
}

void imap_urlfetch(struct imap_session *s, struct imap_in *in)
{
	struct urlfetch *u = imap_command_data(s, sizeof *u, release);
	buf_init(&u->key.key, IMAP_URL_KEY_MAX);
	do {
		if (!imap_in_space(in) || !take_url(in, u))
			break;
	} while (imap_in_next_is(in, ' '));
	if (!imap_wrong(s, in))
		fetch_next(s);
}
