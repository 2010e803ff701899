/*
 * URLAUTH (RFC 4467): GENURLAUTH makes a URL that shows one message, or a part of it, to whom it names;
 * URLFETCH (imap_urlfetch.c) shows what such a URL names; RESETKEY takes all of a mailbox's back. A mailbox's
 * key stands in its metadata.
 */
#include <errno.h>

#include "base/random.h"
#include "imap/imap_commands.h"
#include "imap/imap_source.h"
#include "imap/imap_urlauth.h"

enum { KEY_SIZE = 32 };

struct urlauth {
	struct view urls[IMAP_URLS_MAX]; /* as they were given */
	size_t count, next;
	struct mail_url url;
	struct imap_url_key key;
	struct buf answer;
	struct buf mailboxes; /* numbers whose keys go: RESETKEY of all */
};

static void release(void *data)
{
	struct urlauth *u = data;
	buf_done(&u->key.key);
	buf_done(&u->answer);
	buf_done(&u->mailboxes);
}

static struct urlauth *begin(struct imap_session *s)
{
	struct urlauth *u = imap_command_data(s, sizeof *u, release);
	buf_init(&u->key.key, IMAP_URL_KEY_MAX);
	buf_init(&u->answer, IMAP_URLS_MAX * (MAIL_URL_MAX + 200));
	buf_init(&u->mailboxes, 1 << 20);
	return u;
}

/* ---- the key of a URL's mailbox ---- */

static void key_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_url_key *k = s->url_key;
	const struct mail_metadata_entry *entry = answer;
	const struct mail_done *done = answer;
	if (type == MAIL_METADATA_ENTRY && view_equal(entry->name, VIEW(MAIL_URL_KEY_NAME)) && !entry->none)
		buf_append(&k->key, entry->value);
	else if (type == MAIL_DONE)
		k->keyed(s, done->error);
}

static void mailbox_found(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct imap_url_key *k = s->url_key;
	if (mailbox == NULL || (k->url->uidvalidity && k->url->uidvalidity != mailbox->uidvalidity)) {
		k->keyed(s, error ? error : -ENOENT);
		return;
	}
	if (mailbox->account != 0) {
		k->keyed(s, -EACCES);
		return;
	}
	k->mailbox = mailbox->mailbox;
	imap_ask(s, MAIL_METADATA,
	    &(struct mail_metadata){.mailbox = k->mailbox, .name = VIEW(MAIL_URL_KEY_NAME)}, key_came);
}

void imap_url_find_key(struct imap_session *s, struct imap_url_key *k, const struct mail_url *url,
    void (*keyed)(struct imap_session *s, int64_t error))
{
	struct view path;
	s->url_key = k;
	k->url = url;
	k->keyed = keyed;
	buf_clear(&k->key);
	if (imap_source_path(s, url, &path))
		imap_find_mailbox(s, path, mailbox_found);
	else
		keyed(s, -ENOENT);
}

/* ---- GENURLAUTH ---- */

static void generate_next(struct imap_session *s);

static void put_generated(struct imap_session *s, struct urlauth *u)
{
	struct buf url;
	buf_init(&url, MAIL_URL_MAX + 200);
	buf_append(&url, u->url.rump);
	buf_append_string(&url, ":internal:");
	mail_url_token(buf_view(&u->key.key), u->url.rump, &url);
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
	if (error == -EACCES) {
		/* RFC 4467 section 7: a user gives access to what is the user's. */
		imap_no(s, "NOPERM", "only the owner of a mailbox may give access to it");
		return;
	}
	if (error) {
		imap_no_error(s, error, "the mailbox");
		return;
	}
	if (buf_view(&u->key.key).len) {
		put_generated(s, u);
		return;
	}
	random_bytes(key, sizeof key);
	buf_append(&u->key.key, view_of(key, sizeof key));
	imap_ask(s, MAIL_METADATA_SET,
	    &(struct mail_metadata_entry){
	        .mailbox = u->key.mailbox, .name = VIEW(MAIL_URL_KEY_NAME), .value = buf_view(&u->key.key)},
	    key_made);
}

static void generate_next(struct imap_session *s)
{
	struct urlauth *u = imap_data(s);
	if (u->next < u->count) {
		struct view url = u->urls[u->next];
		bool whole = mail_url_parse(url, imap_arena(s), &u->url) && u->url.absolute &&
		             u->url.access != MAIL_URL_NO_ACCESS && u->url.token.len == 0 &&
		             view_find(url, '"') < 0 && view_find(url, '\\') < 0;
		if (whole)
			imap_url_find_key(s, &u->key, &u->url, generate_keyed);
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
	if (u->count == IMAP_URLS_MAX) {
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
	    &(struct mail_metadata_entry){.mailbox = mailbox, .none = 1, .name = VIEW(MAIL_URL_KEY_NAME)},
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
