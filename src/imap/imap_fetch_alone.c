/*
 * A message that is fetched on its own: a large one, whose octets are read and written on at the client's
 * pace, and one whose summary or structure cannot be read. Its entry is asked for once more, without the
 * body; then its items are written one by one. What a literal's length depends on, the content of a large
 * encoded part, is read twice: nothing is held in memory for it.
 */
#include <errno.h>

#include "imap/imap_fetch_run.h"
#include "imap/imap_state.h"

/* Octets of an encoded part that is decoded in memory and read once. */
enum { DECODED_INLINE_MAX = IMAP_FETCH_HEADER_MAX };

static void next_item(struct imap_session *s);
static imap_answered parsed_came, header_came;

/* ---- reading ---- */

static void read_octets(struct imap_session *s, uint64_t offset, uint64_t len, imap_answered *came)
{
	struct imap_fetch_run *r = imap_data(s);
	const struct imap_selected *box = imap_selected(s);
	char bytes[20];
	struct buf part;
	buf_init(&part, sizeof bytes);
	buf_append_u32(&part, r->uid);
	buf_append_u64(&part, offset);
	buf_append_u64(&part, len);
	r->any = false;
	if (buf_failed(&part))
		imap_no_error(s, -ENOMEM, "a message");
	else
		imap_ask(s, MAIL_READ,
		    &(struct mail_read){.account = box->account,
		        .mailbox = box->mailbox,
		        .raw = r->fetch.exact,
		        .parts = buf_view(&part)},
		    came);
	buf_done(&part);
}

/* What came, for those below. False at an error: *error is set then. */
static bool take_bytes(
    enum mail_type type, const void *answer, struct view *bytes, int64_t *error, bool *ended)
{
	*bytes = (struct view){0};
	*ended = type == MAIL_DONE;
	*error = 0;
	if (type == MAIL_DONE) {
		*error = ((const struct mail_done *)answer)->error;
	} else if (type == MAIL_DATA) {
		const struct mail_data *data = answer;
		*error = data->error;
		*bytes = data->bytes;
	}
	return *error == 0;
}

/* ---- writing items ---- */

static void begin_pen(struct imap_session *s, struct imap_fetch_run *r, struct imap_pen *p)
{
	imap_pen_begin(p, s->out, r->view.utf8);
}

/* An item that cannot be had: nothing of it was written. The message may have gone meanwhile. */
static void write_nil(struct imap_session *s, struct imap_fetch_run *r, int64_t error)
{
	const struct imap_fetch_item *item = &r->fetch.items[r->item];
	struct imap_place_found nowhere = {.place = IMAP_PLACE_NOWHERE};
	struct imap_pen p;
	r->error = error;
	r->any = true;
	r->window_left = 0;
	begin_pen(s, r, &p);
	imap_pen_fetch_section(&p, item, &nowhere);
	imap_pen_end(&p);
}

/* A literal must get the octets that it promised; without them there is no way on. */
static void break_off(struct imap_session *s)
{
	imap_bye(s, "UNAVAILABLE", "A message could not be read to its end.");
}

static void begin_literal(struct imap_session *s, struct imap_fetch_run *r, uint64_t len)
{
	struct imap_pen p;
	begin_pen(s, r, &p);
	imap_pen_view(&p, r->fetch.items[r->item].label);
	imap_pen_view(&p, r->nul ? VIEW(" ~{") : VIEW(" {"));
	imap_pen_number(&p, len);
	imap_pen_view(&p, VIEW("}\r\n"));
	imap_pen_end(&p);
}

/* Octets of the literal under way; all but a literal8's may hold no NUL. */
static void write_octets(struct imap_session *s, struct imap_fetch_run *r, struct view bytes)
{
	struct imap_pen p;
	bytes = view_take(bytes, bytes.len < r->window_left ? bytes.len : (size_t)r->window_left);
	r->window_left -= bytes.len;
	begin_pen(s, r, &p);
	if (r->nul)
		imap_pen_view(&p, bytes);
	else
		imap_pen_octets(&p, bytes);
	imap_pen_end(&p);
}

static void stored_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_fetch_run *r = imap_data(s);
	struct view bytes;
	int64_t error;
	bool ended;
	bool ok = take_bytes(type, answer, &bytes, &error, &ended);
	if (ok && !r->any && (bytes.len || ended)) {
		begin_literal(s, r, r->window_left);
		r->any = true;
	}
	if (ok)
		write_octets(s, r, bytes);
	else if (!r->any)
		write_nil(s, r, error);
	else
		r->error = error;
	if (!ended)
		return;
	if (r->any && r->window_left) {
		break_off(s);
		return;
	}
	r->item++;
	next_item(s);
}

/* ---- what is made in memory: fields of a header, small encoded parts ---- */

static void gathered_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_fetch_run *r = imap_data(s);
	struct view bytes;
	int64_t error;
	bool ended;
	if (!take_bytes(type, answer, &bytes, &error, &ended) && !r->any)
		write_nil(s, r, error);
	buf_append(&r->gathered, bytes);
	if (!ended)
		return;
	if (!r->any) {
		struct imap_pen p;
		r->place.place = IMAP_PLACE_HERE;
		r->place.bytes = buf_view(&r->gathered);
		begin_pen(s, r, &p);
		imap_pen_fetch_section(&p, &r->fetch.items[r->item], &r->place);
		imap_pen_end(&p);
	}
	r->item++;
	next_item(s);
}

/* ---- large encoded parts ---- */

static void decoded_came(struct imap_session *s, enum mail_type type, const void *answer);

static void decode_from_start(struct imap_session *s, struct imap_fetch_run *r, bool counting)
{
	transfer_decoder_init(&r->decoder, r->place.encoding);
	r->counting = counting;
	r->decoded = 0;
	read_octets(s, r->place.extent.offset, r->place.extent.len, decoded_came);
}

/* The first time round: how long it is, and whether it holds a NUL. */
static void counted(struct imap_session *s, struct imap_fetch_run *r)
{
	const struct imap_fetch_item *item = &r->fetch.items[r->item];
	struct imap_extent window = imap_extent_partial(
	    r->decoded, item->partial ? item->offset : 0, item->partial ? item->count : UINT64_MAX);
	if (item->kind == IMAP_FETCH_BINARY_SIZE) {
		struct imap_pen p;
		begin_pen(s, r, &p);
		imap_pen_view(&p, item->label);
		imap_pen_byte(&p, ' ');
		imap_pen_number(&p, r->decoded);
		imap_pen_end(&p);
		r->item++;
		next_item(s);
		return;
	}
	r->window_offset = window.offset;
	r->window_left = window.len;
	begin_literal(s, r, window.len);
	decode_from_start(s, r, false);
}

static void take_decoded(struct imap_session *s, struct imap_fetch_run *r, struct view bytes)
{
	uint64_t before = r->decoded;
	r->decoded += bytes.len;
	if (r->counting) {
		r->nul |= bytes.len && memchr(bytes.data, '\0', bytes.len);
		return;
	}
	uint64_t skip = r->window_offset > before ? r->window_offset - before : 0;
	if (skip < bytes.len)
		write_octets(s, r, view_skip(bytes, (size_t)skip));
}

static void decoded_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_fetch_run *r = imap_data(s);
	struct view bytes;
	int64_t error;
	bool ended;
	if (!take_bytes(type, answer, &bytes, &error, &ended) && !r->any) {
		if (r->counting)
			write_nil(s, r, error);
		r->any = true;
		r->error = error;
	}
	if (!r->any) {
		struct buf decoded;
		buf_init(&decoded, bytes.len + sizeof r->decoder.held + 8);
		transfer_decode(&r->decoder, bytes, &decoded);
		if (ended)
			transfer_decode_end(&r->decoder, &decoded);
		take_decoded(s, r, buf_view(&decoded));
		r->any |= buf_failed(&decoded);
		buf_done(&decoded);
	}
	if (!ended)
		return;
	if (r->counting && !r->any) {
		counted(s, r);
	} else if (!r->counting && r->window_left) {
		break_off(s);
	} else {
		r->item++;
		next_item(s);
	}
}

/* ---- the response ---- */

static void write_stored(struct imap_session *s, struct imap_fetch_run *r)
{
	const struct imap_fetch_item *item = &r->fetch.items[r->item];
	struct imap_extent e = r->place.extent;
	r->nul = false;
	if (r->place.picks || (r->place.decodes && e.len <= DECODED_INLINE_MAX)) {
		buf_clear(&r->gathered);
		/* More of a header than this no reader of headers looks at. */
		read_octets(s, e.offset, e.len < IMAP_FETCH_HEADER_MAX ? e.len : IMAP_FETCH_HEADER_MAX,
		    gathered_came);
	} else if (r->place.decodes) {
		decode_from_start(s, r, true);
	} else {
		struct imap_extent part = imap_extent_partial(
		    e.len, item->partial ? item->offset : 0, item->partial ? item->count : UINT64_MAX);
		r->window_left = part.len;
		/* What it holds is not known before it is written: BINARY may always be a literal8. */
		r->nul = item->kind == IMAP_FETCH_BINARY;
		read_octets(s, e.offset + part.offset, part.len, stored_came);
	}
}

/* Whether the item was written at once; else its octets are being read. */
static bool write_item(struct imap_session *s, struct imap_fetch_run *r)
{
	const struct imap_fetch_item *item = &r->fetch.items[r->item];
	struct imap_pen p;
	bool reads = false;
	if (item->kind >= IMAP_FETCH_SECTION) {
		r->place = imap_fetched_place(&r->fetched, item);
		r->unknown_encoding |= r->place.place == IMAP_PLACE_UNKNOWN;
		reads = r->place.place == IMAP_PLACE_STORED &&
		        (item->kind != IMAP_FETCH_BINARY_SIZE || r->place.decodes);
	}
	begin_pen(s, r, &p);
	if (r->in_brackets)
		imap_pen_byte(&p, ' ');
	r->in_brackets = true;
	if (item->kind < IMAP_FETCH_SECTION)
		imap_pen_fetch_item(&p, &r->view, &r->fetched, item);
	else if (!reads)
		imap_pen_fetch_section(&p, item, &r->place);
	imap_pen_end(&p);
	if (reads)
		write_stored(s, r);
	return !reads;
}

static void next_item(struct imap_session *s)
{
	struct imap_fetch_run *r = imap_data(s);
	struct imap_pen p;
	for (; r->item < r->fetch.count; r->item++) {
		bool told =
		    r->fetch.items[r->item].kind == IMAP_FETCH_UID && (r->view.by_uid || r->view.uid_only);
		if (!told && !write_item(s, r))
			return;
	}
	begin_pen(s, r, &p);
	imap_fetch_response_end(r, &p, r->in_brackets, r->became_seen);
	imap_pen_end(&p);
	imap_fetched_end(&r->fetched);
	r->alone_done(s);
}

static void begin_response(struct imap_session *s, struct imap_fetch_run *r)
{
	struct imap_pen p;
	r->became_seen = imap_fetch_see(r, &r->seen_alone, &r->fetched.m);
	begin_pen(s, r, &p);
	r->in_brackets = imap_fetch_response_begin(r, &p, s);
	imap_pen_end(&p);
	r->item = 0;
	next_item(s);
}

/* What is needed before the first item is written: the tree first, then the header that it bounds. */
static void prepare(struct imap_session *s, struct imap_fetch_run *r)
{
	struct imap_section header = {.text = IMAP_SECTION_HEADER};
	struct imap_form form = {&r->fetched.tree, r->fetched.m.prefix_len, r->fetched.m.size};
	struct imap_extent e;
	if (r->fetched.lacks_parse) {
		read_octets(s, 0, UINT64_MAX, parsed_came);
	} else if (r->fetched.lacks_header && imap_section_find(&header, &form, &e)) {
		buf_clear(&r->gathered);
		read_octets(s, 0, e.len < IMAP_FETCH_HEADER_MAX ? e.len : IMAP_FETCH_HEADER_MAX, header_came);
	} else {
		begin_response(s, r);
	}
}

static void header_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_fetch_run *r = imap_data(s);
	struct view bytes;
	int64_t error;
	bool ended;
	if (!take_bytes(type, answer, &bytes, &error, &ended)) {
		r->error = error;
		r->any = true;
	}
	buf_append(&r->gathered, bytes);
	if (!ended)
		return;
	if (r->any || buf_failed(&r->gathered)) {
		imap_fetched_end(&r->fetched);
		r->alone_done(s);
		return;
	}
	imap_fetched_header(&r->fetched, buf_view(&r->gathered));
	begin_response(s, r);
}

static void parsed_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_fetch_run *r = imap_data(s);
	struct view bytes;
	int64_t error;
	bool ended;
	if (!take_bytes(type, answer, &bytes, &error, &ended)) {
		r->error = error;
		r->any = true;
	}
	if (!r->any)
		imap_fetched_parse(&r->fetched, bytes);
	if (!ended)
		return;
	if (r->any) {
		imap_fetched_end(&r->fetched);
		r->alone_done(s);
		return;
	}
	imap_fetched_parsed(&r->fetched, &r->fetch);
	prepare(s, r);
}

/* ---- the entry ---- */

/* Where the header lies is known from the structure. */
static uint64_t entry_want(const struct imap_fetch_run *r)
{
	bool header = r->fetch.needs_envelope || r->fetch.want & MAIL_WANT_HEADER;
	return (r->want & ~(uint64_t)(MAIL_WANT_BODY | MAIL_WANT_HEADER)) |
	       (header ? MAIL_WANT_STRUCTURE | MAIL_WANT_SIZE | MAIL_WANT_FLAGS : 0);
}

static void read_entry(struct imap_session *s, struct imap_fetch_run *r)
{
	struct cursor in = cursor_on(buf_view(&r->entry));
	struct mail_message m;
	if (!mail_message_get(&in, entry_want(r), &m) || m.uid != r->uid || m.body_error) {
		/* It went meanwhile, or it cannot be read. */
		if (buf_failed(&r->entry))
			r->error = -ENOMEM;
		else if (buf_view(&r->entry).len)
			r->error = -EBADMSG;
		r->alone_done(s);
		return;
	}
	imap_fetched_begin(&r->fetched, &r->fetch, entry_want(r), &m, &r->scratch);
	prepare(s, r);
}

static void entry_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_fetch_run *r = imap_data(s);
	if (type == MAIL_MESSAGES)
		buf_append(&r->entry, ((const struct mail_messages *)answer)->entries);
	if (type != MAIL_DONE)
		return;
	const struct mail_done *done = answer;
	if (done->error) {
		imap_no_error(s, done->error, "the mailbox");
		return;
	}
	read_entry(s, r);
}

void imap_fetch_alone(
    struct imap_session *s, struct imap_fetch_run *r, uint32_t uid, void (*done)(struct imap_session *s))
{
	const struct imap_selected *box = imap_selected(s);
	struct buf uids;
	r->uid = uid;
	r->alone_done = done;
	buf_clear(&r->entry);
	buf_init(&uids, UID_RANGE_SIZE);
	uid_ranges_add(&uids, uid, uid);
	if (buf_failed(&uids))
		imap_no_error(s, -ENOMEM, "the mailbox");
	else
		imap_ask(s, MAIL_FETCH,
		    &(struct mail_fetch){.account = box->account,
		        .mailbox = box->mailbox,
		        .want = entry_want(r),
		        .uids = buf_view(&uids)},
		    entry_came);
	buf_done(&uids);
}
