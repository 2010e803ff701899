/*
 * URLAUTH (RFC 4467): GENURLAUTH makes a URL that shows one message, or a part of it, to whom it names;
 * URLFETCH shows what such a URL names; RESETKEY takes all of a mailbox's back. A mailbox's key stands in its
 * metadata under a name that no client can ask for, since METADATA knows names below "/private" and "/shared"
 * alone.
 *
 * URLFETCH reaches what the session may read anyway, its own mailboxes and those that are shared with it.
 */
#include <errno.h>

#include "base/random.h"
#include "imap/imap_commands.h"
#include "imap/imap_source.h"
#include "imap/imap_state.h"

enum {
	/* URLs of one command; a message is put together from some dozens at most. */
	URLS_MAX = 100,
	KEY_SIZE = 32
};

static const char key_name[] = "/internal/urlauth";

struct urlauth {
	struct view urls[URLS_MAX]; /* as they were given */
	size_t count, next;
	struct imap_url url;
	uint64_t account, mailbox;
	struct buf key, answer;
	void (*keyed)(struct imap_session *s, int64_t error);
	struct imap_source source;
	bool open, all;
	struct buf mailboxes; /* numbers whose keys go: RESETKEY of all */
};

static void close_source(struct urlauth *u)
{
	if (u->open)
		imap_source_end(&u->source);
	u->source = (struct imap_source){0};
	u->open = false;
}

static void release(void *data)
{
	struct urlauth *u = data;
	close_source(u);
	buf_done(&u->key);
	buf_done(&u->answer);
	buf_done(&u->mailboxes);
}

static struct urlauth *begin(struct imap_session *s)
{
	struct urlauth *u = imap_command_data(s, sizeof *u, release);
	buf_init(&u->key, MAIL_METADATA_VALUE_MAX);
	buf_init(&u->answer, URLS_MAX * (IMAP_URL_MAX + 200));
	buf_init(&u->mailboxes, 1 << 20);
	return u;
}

/* ---- the key of a URL's mailbox ---- */

static void key_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct urlauth *u = imap_data(s);
	const struct mail_metadata_entry *entry = answer;
	const struct mail_done *done = answer;
	if (type == MAIL_METADATA_ENTRY && view_equal(entry->name, view_from_string(key_name)) &&
	    !entry->none)
		buf_append(&u->key, entry->value);
	else if (type == MAIL_DONE)
		u->keyed(s, done->error);
}

static void mailbox_found(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct urlauth *u = imap_data(s);
	if (mailbox == NULL || (u->url.uidvalidity && u->url.uidvalidity != mailbox->uidvalidity)) {
		u->keyed(s, error ? error : -ENOENT);
		return;
	}
	u->account = mailbox->account;
	u->mailbox = mailbox->mailbox;
	imap_ask(s, MAIL_METADATA,
	    &(struct mail_metadata){
	        .account = u->account, .mailbox = u->mailbox, .name = view_from_string(key_name)},
	    key_came);
}

static void find_key(
    struct imap_session *s, struct urlauth *u, void (*keyed)(struct imap_session *s, int64_t error))
{
	struct view path;
	u->keyed = keyed;
	buf_clear(&u->key);
	if (imap_source_path(s, &u->url, &path))
		imap_find_mailbox(s, path, mailbox_found);
	else
		keyed(s, -ENOENT);
}

/* ---- GENURLAUTH ---- */

static void generate_next(struct imap_session *s);

static void put_generated(struct imap_session *s, struct urlauth *u)
{
	struct buf url;
	buf_init(&url, IMAP_URL_MAX + 200);
	buf_append(&url, u->url.rump);
	buf_append_string(&url, ":internal:");
	imap_url_token(buf_view(&u->key), u->url.rump, &url);
	buf_append_string(&u->answer, " \"");
	buf_append(&u->answer, buf_view(&url));
	buf_append_byte(&u->answer, '"');
	if (buf_failed(&url))
		u->answer.failed = true;
	buf_done(&url);
	u->next++;
	generate_next(s);
}

static void key_made(struct imap_session *s, enum mail_type type, const void *answer)
{
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error)
		imap_no_error(s, done->error, "the mailbox");
	else
		put_generated(s, imap_data(s));
}

static void generate_keyed(struct imap_session *s, int64_t error)
{
	struct urlauth *u = imap_data(s);
	char key[KEY_SIZE];
	if (error) {
		imap_no_error(s, error, "the mailbox");
		return;
	}
	if (u->account != 0) {
		/* RFC 4467 section 7: a user gives access to what is the user's. */
		imap_no(s, "NOPERM", "only the owner of a mailbox may give access to it");
		return;
	}
	if (buf_view(&u->key).len) {
		put_generated(s, u);
		return;
	}
	random_bytes(key, sizeof key);
	buf_append(&u->key, view_of(key, sizeof key));
	imap_ask(s, MAIL_METADATA_SET,
	    &(struct mail_metadata_entry){
	        .mailbox = u->mailbox, .name = view_from_string(key_name), .value = buf_view(&u->key)},
	    key_made);
}

static void generate_next(struct imap_session *s)
{
	struct urlauth *u = imap_data(s);
	if (u->next < u->count) {
		struct view url = u->urls[u->next];
		bool whole = imap_url_parse(url, imap_arena(s), &u->url) && u->url.absolute &&
		             u->url.access != IMAP_URL_NO_ACCESS && u->url.token.len == 0 &&
		             view_find(url, '"') < 0 && view_find(url, '\\') < 0;
		if (whole)
			find_key(s, u, generate_keyed);
		else
			imap_bad(s, "this is no URL to be authorised");
		return;
	}
	if (buf_failed(&u->answer)) {
		imap_no_error(s, -ENOMEM, "the URLs");
		return;
	}
	imap_puts(s, "* GENURLAUTH");
	imap_put(s, buf_view(&u->answer));
	imap_put_line(s);
	imap_ok(s, NULL, "GENURLAUTH completed");
}

static bool take_url(struct imap_in *in, struct urlauth *u)
{
	if (u->count == URLS_MAX) {
		imap_in_wrong(in, "there are too many URLs");
		return false;
	}
	return imap_in_astring(in, &u->urls[u->count++]);
}

void imap_genurlauth(struct imap_session *s, struct imap_in *in)
{
	struct urlauth *u = begin(s);
	do {
		struct view mechanism;
		if (!imap_in_space(in) || !take_url(in, u) || !imap_in_space(in) ||
		    !imap_in_atom(in, &mechanism))
			break;
		if (!view_equal_nocase(mechanism, VIEW("INTERNAL")))
			imap_in_wrong(in, "the one mechanism is INTERNAL");
	} while (imap_in_next_is(in, ' '));
	if (!imap_wrong(s, in))
		generate_next(s);
}

/* ---- URLFETCH ---- */

static void fetch_next(struct imap_session *s);

static void put_name(struct imap_session *s, const struct urlauth *u)
{
	imap_puts(s, "* URLFETCH ");
	imap_put_astring(s, u->urls[u->next]);
	imap_puts(s, " ");
}

/* RFC 4467 section 7: whatever the reason, it is not told. */
static void put_nothing(struct imap_session *s)
{
	struct urlauth *u = imap_data(s);
	close_source(u);
	put_name(s, u);
	imap_puts(s, "NIL");
	imap_put_line(s);
	u->next++;
	fetch_next(s);
}

static void octets_came(struct imap_session *s, struct view bytes)
{
	struct imap_pen p;
	imap_pen_begin(&p, s->out, false);
	imap_pen_octets(&p, bytes);
	imap_pen_end(&p);
}

static void octets_ended(struct imap_session *s, int64_t error)
{
	struct urlauth *u = imap_data(s);
	if (error || u->source.left) {
		imap_bye(s, "UNAVAILABLE", "A message could not be read to its end.");
		return;
	}
	imap_put_line(s);
	close_source(u);
	u->next++;
	fetch_next(s);
}

static void source_opened(struct imap_session *s, struct imap_source *source, int64_t error)
{
	if (error) {
		put_nothing(s);
		return;
	}
	put_name(s, imap_data(s));
	imap_puts(s, "{");
	imap_put_number(s, source->size);
	imap_puts(s, "}\r\n");
	imap_source_read(s, source, UINT64_MAX, octets_came, octets_ended);
}

static void fetch_keyed(struct imap_session *s, int64_t error)
{
	struct urlauth *u = imap_data(s);
	if (error || buf_view(&u->key).len == 0 || !imap_url_token_matches(buf_view(&u->key), &u->url)) {
		put_nothing(s);
		return;
	}
	u->open = true;
	imap_source_open(s, &u->source, u->urls[u->next], source_opened);
}

/* "submit+" is a submission server's, which no session here is. */
static bool is_for_us(const struct imap_session *s, const struct imap_url *url)
{
	ptrdiff_t at = view_find_last(s->address, '@');
	if (url->expires && url->expire < s->backend->now(s->arg))
		return false;
	if (url->access == IMAP_URL_AUTHUSER || url->access == IMAP_URL_ANONYMOUS)
		return true;
	return url->access == IMAP_URL_USER &&
	       (view_equal_nocase(url->access_user, s->address) ||
	           (at > 0 && view_equal_nocase(url->access_user, view_take(s->address, (size_t)at))));
}

static void fetch_next(struct imap_session *s)
{
	struct urlauth *u = imap_data(s);
	if (u->next == u->count) {
		imap_ok(s, NULL, "URLFETCH completed");
		return;
	}
	if (imap_url_parse(u->urls[u->next], imap_arena(s), &u->url) && u->url.absolute && u->url.token.len &&
	    is_for_us(s, &u->url))
		find_key(s, u, fetch_keyed);
	else
		put_nothing(s);
}

void imap_urlfetch(struct imap_session *s, struct imap_in *in)
{
	struct urlauth *u = begin(s);
	do {
		if (!imap_in_space(in) || !take_url(in, u))
			break;
	} while (imap_in_next_is(in, ' '));
	if (!imap_wrong(s, in))
		fetch_next(s);
}

/* ---- RESETKEY ---- */

static void reset_next(struct imap_session *s);

static void key_reset(struct imap_session *s, enum mail_type type, const void *answer)
{
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error && done->error != -ENOENT)
		imap_no_error(s, done->error, "the mailbox");
	else
		reset_next(s);
}

static void reset_next(struct imap_session *s)
{
	struct urlauth *u = imap_data(s);
	struct cursor in = cursor_on(buf_view(&u->mailboxes));
	if (cursor_at_end(&in)) {
		imap_ok(s, "URLMECH INTERNAL", "the URLs that were made before show nothing any more");
		return;
	}
	uint64_t mailbox = cursor_u64(&in);
	buf_consume(&u->mailboxes, 8);
	imap_ask(s, MAIL_METADATA_SET,
	    &(struct mail_metadata_entry){.mailbox = mailbox, .none = 1, .name = view_from_string(key_name)},
	    key_reset);
}

static void reset_found(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct urlauth *u = imap_data(s);
	if (mailbox == NULL) {
		imap_no_error(s, error, "the mailbox");
	} else if (mailbox->account != 0) {
		imap_no(s, "NOPERM", "only the owner of a mailbox may take access to it back");
	} else {
		buf_append_u64(&u->mailboxes, mailbox->mailbox);
		reset_next(s);
	}
}

static void own_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct urlauth *u = imap_data(s);
	const struct mail_mailbox *mailbox = answer;
	const struct mail_done *done = answer;
	if (type == MAIL_MAILBOX && mailbox->account == 0 && !(mailbox->marks & MAIL_MAILBOX_NO_MAILBOX))
		buf_append_u64(&u->mailboxes, mailbox->mailbox);
	if (type != MAIL_DONE)
		return;
	if (done->error || buf_failed(&u->mailboxes))
		imap_no_error(s, done->error ? done->error : -ENOMEM, "the list of mailboxes");
	else
		reset_next(s);
}

void imap_resetkey(struct imap_session *s, struct imap_in *in)
{
	struct view path = {0}, mechanism;
	bool all = imap_in_at_end(in);
	begin(s);
	if (!all && imap_in_space(in) && imap_in_mailbox(in, &path))
		while (imap_in_take(in, ' '))
			if (!imap_in_atom(in, &mechanism))
				break;
	if (imap_wrong(s, in))
		return;
	if (all)
		imap_ask(s, MAIL_MAILBOXES, &(struct mail_mailboxes){.own_only = 1}, own_came);
	else
		imap_find_mailbox(s, path, reset_found);
}
