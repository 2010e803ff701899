/* What an IMAP URL names: imap_source.h. */
#include "imap/imap_source.h"

#include <errno.h>

#include "imap/imap_state.h"
#include "mime/summary.h"

/* Octets of a section's specification with everything in it; a URL bounds it too. */
enum { ENTRY_MAX = 512 * 1024 };

void imap_source_end(struct imap_source *source)
{
	imap_fetched_end(&source->fetched);
	arena_done(&source->scratch);
	buf_done(&source->entry);
	buf_done(&source->made);
}

static void opened(struct imap_session *s, int64_t error)
{
	s->source->opened(s, s->source, error);
}

/* ---- reading ---- */

static void read_octets(struct imap_session *s, uint64_t offset, uint64_t len, imap_answered *answered)
{
	struct imap_source *source = s->source;
	struct buf part;
	buf_init(&part, 20);
	buf_append_u32(&part, source->url.uid);
	buf_append_u64(&part, offset);
	buf_append_u64(&part, len);
	imap_ask(s, MAIL_READ,
	    &(struct mail_read){
	        .account = source->account, .mailbox = source->mailbox, .parts = buf_view(&part)},
	    answered);
	buf_done(&part);
}

/* What a frame of the answer holds; its error is kept. Whether it was the last. */
static bool take_frame(
    struct imap_source *source, enum mail_type type, const void *answer, struct view *bytes)
{
	*bytes = (struct view){0};
	if (type == MAIL_DATA) {
		const struct mail_data *data = answer;
		*bytes = data->bytes;
		source->error = data->error ? data->error : source->error;
	} else if (type == MAIL_SHOWN) {
		*bytes = ((const struct mail_shown *)answer)->bytes;
	} else if (type == MAIL_DONE) {
		const struct mail_done *done = answer;
		source->error = source->error ? source->error : done->error;
	}
	return type == MAIL_DONE;
}

/* A piece of what a URL shows, as long as store likes. */
static void show_piece(struct imap_session *s, uint64_t offset, imap_answered *answered)
{
	struct imap_source *source = s->source;
	imap_ask(s, MAIL_SHOW,
	    &(struct mail_show){.offset = offset, .raw = source->binary, .url = source->shown}, answered);
}

static void octets_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_source *source = s->source;
	struct view bytes;
	bool ended = take_frame(source, type, answer, &bytes);
	bytes = view_take(bytes, bytes.len < source->left ? bytes.len : (size_t)source->left);
	source->offset += bytes.len;
	source->left -= bytes.len;
	if (bytes.len) {
		source->any = true;
		source->came(s, bytes);
	}
	if (!ended)
		return;
	/* A message that ends before its length would be read for ever. */
	if (source->error == 0 && !source->any && source->left)
		source->error = -EBADMSG;
	if (source->error == 0 && source->shown.len && source->left) {
		source->any = false;
		show_piece(s, source->offset, octets_came);
		return;
	}
	source->ended(s, source->error);
}

void imap_source_read(struct imap_session *s, struct imap_source *source, uint64_t max,
    void (*came)(struct imap_session *s, struct view bytes),
    void (*ended)(struct imap_session *s, int64_t error))
{
	s->source = source;
	source->came = came;
	source->ended = ended;
	source->error = 0;
	source->any = false;
	uint64_t len = source->left < max ? source->left : max;
	if (source->shown.len) {
		if (source->left)
			show_piece(s, source->offset, octets_came);
		else
			ended(s, 0);
		return;
	}
	if (!source->place.picks) {
		read_octets(s, source->offset, len, octets_came);
		return;
	}
	struct view bytes =
	    view_take(view_skip(buf_view(&source->made), (size_t)source->offset), (size_t)len);
	source->offset += bytes.len;
	source->left -= bytes.len;
	came(s, bytes);
	ended(s, 0);
}

/* ---- the message ---- */

static void set_window(struct imap_source *source, uint64_t begin, uint64_t len)
{
	bool partial = source->url.partial && !source->place.decodes;
	struct imap_extent part = imap_extent_partial(len, partial ? source->url.offset : 0,
	    partial && source->url.count ? source->url.count : UINT64_MAX);
	source->begin = begin + part.offset;
	source->size = part.len;
	imap_source_rewind(source);
}

void imap_source_rewind(struct imap_source *source)
{
	source->offset = source->begin;
	source->left = source->size;
}

static void header_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_source *source = s->source;
	struct view bytes;
	bool ended = take_frame(source, type, answer, &bytes);
	buf_append(&source->entry, bytes);
	if (!ended)
		return;
	if (source->error == 0 &&
	    imap_section_fields(&source->item.section, buf_view(&source->entry), &source->made) < 0)
		source->error = -ENOMEM;
	set_window(source, 0, buf_view(&source->made).len);
	opened(s, source->error);
}

static void find_place(struct imap_session *s)
{
	struct imap_source *source = s->source;
	source->place = imap_fetched_place(&source->fetched, &source->item);
	struct imap_extent e = source->place.extent;
	if (source->place.place == IMAP_PLACE_NOWHERE) {
		opened(s, -ENOENT);
	} else if (source->place.place == IMAP_PLACE_UNKNOWN) {
		opened(s, 0);
	} else if (source->place.picks) {
		buf_clear(&source->entry);
		read_octets(
		    s, e.offset, e.len < IMAP_FETCH_HEADER_MAX ? e.len : IMAP_FETCH_HEADER_MAX, header_came);
	} else {
		set_window(source, e.offset, e.len);
		opened(s, 0);
	}
}

static void whole_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_source *source = s->source;
	struct view bytes;
	bool ended = take_frame(source, type, answer, &bytes);
	if (source->error == 0)
		imap_fetched_parse(&source->fetched, bytes);
	if (!ended)
		return;
	if (source->error) {
		opened(s, source->error);
		return;
	}
	imap_fetched_parsed(&source->fetched, &source->fetch);
	find_place(s);
}

static void entry_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_source *source = s->source;
	if (type == MAIL_MESSAGES)
		buf_append(&source->entry, ((const struct mail_messages *)answer)->entries);
	if (type != MAIL_DONE)
		return;
	const struct mail_done *done = answer;
	struct cursor in = cursor_on(buf_view(&source->entry));
	struct mail_message m;
	if (done->error || buf_failed(&source->entry)) {
		opened(s, done->error ? done->error : -ENOMEM);
	} else if (!mail_message_get(&in, source->fetch.want, &m) || m.uid != source->url.uid) {
		opened(s, -ENOENT);
	} else if (m.body_error) {
		opened(s, -(int64_t)m.body_error);
	} else {
		imap_fetched_begin(
		    &source->fetched, &source->fetch, source->fetch.want, &m, &source->scratch);
		if (source->fetched.lacks_parse)
			read_octets(s, 0, UINT64_MAX, whole_came);
		else
			find_place(s);
	}
}

static void ask_entry(struct imap_session *s)
{
	struct imap_source *source = s->source;
	struct buf uids;
	source->fetch = (struct imap_fetch){.items = &source->item,
	    .count = 1,
	    .want = MAIL_WANT_STRUCTURE | MAIL_WANT_SIZE | MAIL_WANT_FLAGS};
	buf_init(&uids, UID_RANGE_SIZE);
	uid_ranges_add(&uids, source->url.uid, source->url.uid);
	imap_ask(s, MAIL_FETCH,
	    &(struct mail_fetch){.account = source->account,
	        .mailbox = source->mailbox,
	        .want = source->fetch.want,
	        .uids = buf_view(&uids)},
	    entry_came);
	buf_done(&uids);
}

/* ---- the mailbox ---- */

static void found(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct imap_source *source = s->source;
	if (mailbox && !(mailbox->rights & RIGHT_READ))
		error = -ENOENT;
	if (mailbox && source->url.uidvalidity && source->url.uidvalidity != mailbox->uidvalidity)
		error = -ENOENT;
	if (error || mailbox == NULL) {
		opened(s, error ? error : -ENOENT);
		return;
	}
	source->account = mailbox->account;
	source->mailbox = mailbox->mailbox;
	ask_entry(s);
}

static bool is_ours(const struct imap_session *s, const struct mail_url *url)
{
	return mail_url_is_ours(url, s->config.hostname, s->address);
}

/* "joe@example.com" is named so, or as joe at the host example.com. */
static bool is_own(const struct imap_session *s, const struct mail_url *url)
{
	ptrdiff_t at = view_find_last(s->address, '@');
	return url->user.len == 0 || view_equal_nocase(url->user, s->address) ||
	       (at >= 0 && view_equal_nocase(url->user, view_take(s->address, (size_t)at)) &&
	           view_equal_nocase(url->host, view_skip(s->address, (size_t)at + 1)));
}

bool imap_source_path(struct imap_session *s, const struct mail_url *url, struct view *path)
{
	struct buf text;
	if (url->absolute && !is_ours(s, url))
		return false;
	if (!url->absolute || is_own(s, url)) {
		*path = url->mailbox;
		return true;
	}
	buf_init(&text, MAIL_URL_MAX + 100);
	buf_append_string(&text, IMAP_OTHERS);
	buf_append(&text, url->user);
	/* "ann@example.com" is ann at the host example.com, as with is_own. */
	if (view_find(url->user, '@') < 0 && !view_equal_nocase(url->host, s->config.hostname)) {
		buf_append_byte(&text, '@');
		buf_append(&text, url->host);
	}
	buf_append_byte(&text, '/');
	buf_append(&text, url->mailbox);
	bool kept = !buf_failed(&text) && arena_copy(imap_arena(s), buf_view(&text), path);
	buf_done(&text);
	return kept;
}

static bool read_section(struct imap_session *s, struct imap_source *source)
{
	struct imap_in in = {.session = s, .text = cursor_on(source->url.section)};
	source->item = (struct imap_fetch_item){.kind = IMAP_FETCH_SECTION};
	bool right = source->url.section.len == 0 ||
	             (imap_in_section(&in, false, &source->item.section) && imap_in_at_end(&in));
	/* Of a part its content alone is encoded. */
	if (source->binary && source->item.section.text == IMAP_SECTION_WHOLE)
		source->item.kind = IMAP_FETCH_BINARY;
	return right;
}

static void begin(struct imap_session *s, struct imap_source *source,
    void (*then)(struct imap_session *s, struct imap_source *source, int64_t error))
{
	s->source = source;
	source->opened = then;
	arena_init(&source->scratch, IMAP_FETCH_SCRATCH_MAX);
	buf_init(&source->entry, ENTRY_MAX);
	buf_init(&source->made, IMAP_FETCH_HEADER_MAX + 16);
}

void imap_source_open(struct imap_session *s, struct imap_source *source, struct view url,
    void (*then)(struct imap_session *s, struct imap_source *source, int64_t error))
{
	struct view text, path;
	begin(s, source, then);
	if (!arena_copy(imap_arena(s), url, &text) || !mail_url_parse(text, imap_arena(s), &source->url) ||
	    (source->url.absolute && !is_ours(s, &source->url)) || !read_section(s, source)) {
		then(s, source, -EINVAL);
		return;
	}
	const struct imap_selected *box = imap_selected(s);
	if (source->url.mailbox.len == 0 && box == NULL) {
		then(s, source, -EINVAL);
	} else if (source->url.mailbox.len == 0) {
		if (source->url.uidvalidity && source->url.uidvalidity != box->uidvalidity) {
			then(s, source, -ENOENT);
			return;
		}
		source->account = box->account;
		source->mailbox = box->mailbox;
		ask_entry(s);
	} else if (imap_source_path(s, &source->url, &path)) {
		imap_find_mailbox(s, path, found);
	} else {
		then(s, source, -ENOMEM);
	}
}

/* ---- what a URL shows itself ---- */

static void first_shown(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_source *source = s->source;
	const struct mail_shown *shown = answer;
	const struct mail_done *done = answer;
	struct imap_place_found *place = &source->place;
	if (type == MAIL_SHOWN) {
		/* What is decoded is read whole. */
		bool binary = source->item.kind == IMAP_FETCH_BINARY;
		source->size = shown->size;
		source->any = true;
		place->encoding = binary ? (enum transfer_encoding)shown->encoding : TRANSFER_7BIT;
		place->decodes =
		    place->encoding == TRANSFER_BASE64 || place->encoding == TRANSFER_QUOTED_PRINTABLE;
		place->place = place->encoding == TRANSFER_UNKNOWN ? IMAP_PLACE_UNKNOWN : IMAP_PLACE_STORED;
		struct view structure;
		source->fetched.has_tree =
		    shown->structure.len > 0 && arena_copy(&source->scratch, shown->structure, &structure) &&
		    mime_tree_decode(structure, &source->scratch, &source->fetched.tree) == 0;
		imap_source_rewind(source);
	}
	if (type == MAIL_DONE)
		opened(s, done->error ? done->error : source->any ? 0 : -ENOENT);
}

void imap_source_show(struct imap_session *s, struct imap_source *source, struct view url,
    void (*then)(struct imap_session *s, struct imap_source *source, int64_t error))
{
	struct view text;
	begin(s, source, then);
	if (!arena_copy(imap_arena(s), url, &text) || !mail_url_parse(text, imap_arena(s), &source->url) ||
	    !read_section(s, source)) {
		then(s, source, -EINVAL);
		return;
	}
	source->shown = url;
	source->any = false;
	/* Only what stands behind an encoding is cut here: else store does it. */
	source->binary = source->item.kind == IMAP_FETCH_BINARY;
	show_piece(s, 0, first_shown);
}
