/*
 * What a URL shows to a submission server (RFC 4468 BURL, RFC 4467 "submit+"): octets of one message, or of a
 * part of it, in a mailbox of the user who has logged in there. The URL's token is the right to them, and it
 * is looked at here, for each piece anew: nothing is kept between pieces, and smtp gets no way into an
 * account.
 */
#include <errno.h>
#include <string.h>

#include "account/mailboxes.h"
#include "account/messages.h"
#include "account/metadata.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "mail/mail_url.h"
#include "mime/section.h"
#include "mime/summary.h"
#include "role/store/store_private.h"

enum {
	PIECE = 128 * 1024,
	/* A URL's texts, and the structure of a message. */
	TEXTS_MAX = 8 * 1024 * 1024
};

struct show {
	struct asked asked;
	struct arena arena;
	uint64_t account, offset;
	struct mail_url url;
	struct mime_section section;
	uint32_t mailbox;
	struct account_tree tree;
	struct account_metadata metadata;
	struct account_list list;
	struct account_listed listed;
	struct account_fetch fetch;
	struct store_blob_read blobs;
	struct store_blob_part part;
	struct buf piece;
	bool last;
};

static void finish(struct show *s, int error)
{
	struct message_shown m = {.error = error, .last = s->last};
	if (error == 0)
		m.bytes = buf_view(&s->piece);
	asked_answer(&s->asked, MESSAGE_SHOWN, &m);
	account_tree_free(&s->tree);
	account_metadata_free(&s->metadata);
	account_fetch_free(&s->fetch);
	mem_free(s->part.out);
	buf_done(&s->piece);
	arena_done(&s->arena);
	mem_free(s);
}

/* ---- its octets ---- */

static void piece_read(struct store_blob_read *read)
{
	struct show *s = container_of(read, struct show, blobs);
	int error = s->part.result;
	if (error == 0)
		error = buf_append(&s->piece, view_of(s->part.out, s->part.length));
	finish(s, error);
}

/* Octets [from, from + len) of the message, whose prefix stands before the body. */
static void read_octets(struct show *s, const struct account_fetched *e, uint64_t from, uint64_t len)
{
	struct view prefix = view_skip(e->prefix, from < e->prefix.len ? (size_t)from : e->prefix.len);
	prefix = view_take(prefix, len < prefix.len ? (size_t)len : prefix.len);
	int error = buf_append(&s->piece, prefix);
	from += prefix.len;
	len -= prefix.len;
	if (error || len == 0) {
		finish(s, error);
		return;
	}
	s->part = (struct store_blob_part){.id = e->blob,
	    .offset = from - e->prefix.len,
	    .length = (size_t)len,
	    .out = mem_try((size_t)len)};
	s->blobs = (struct store_blob_read){.parts = &s->part, .count = 1, .done = piece_read};
	if (s->part.out == NULL)
		finish(s, -ENOMEM);
	else
		store_blob_read(store_role.store, &s->blobs);
}

/* Where the section lies. False: there is no such section, or it cannot be told. */
static bool find_section(struct show *s, const struct account_fetched *e, struct mime_extent *extent)
{
	struct mime_tree tree = {0};
	struct mime_form form = {.tree = &tree, .prefix_len = e->prefix.len};
	form.size = e->prefix.len + e->body_len;
	if (s->section.text != MIME_SECTION_WHOLE || s->section.part.len > 0)
		if (e->structure.len == 0 || mime_tree_decode(e->structure, &s->arena, &tree) != 0 ||
		    tree.size > e->body_len)
			return false;
	return mime_section_find(&s->section, &form, extent);
}

static void email_read(struct account_fetch *call, int result)
{
	struct show *s = container_of(call, struct show, fetch);
	const struct account_fetched *e = call->messages;
	int error = result ? result : e->result;
	struct mime_extent all;
	if (error == 0 && !find_section(s, e, &all))
		error = -ENOENT;
	if (error) {
		finish(s, error);
		return;
	}
	uint64_t skip = s->url.partial ? s->url.offset : 0;
	skip = skip < all.len ? skip : all.len;
	all.offset += skip;
	all.len -= skip;
	if (s->url.partial && s->url.count && s->url.count < all.len)
		all.len = s->url.count;
	skip = s->offset < all.len ? s->offset : all.len;
	uint64_t left = all.len - skip;
	s->last = left <= PIECE;
	read_octets(s, e, all.offset + skip, s->last ? left : PIECE);
}

/* ---- the message ---- */

static void listed(struct account_list *list, int result)
{
	struct show *s = container_of(list, struct show, list);
	if (result || list->count == 0) {
		finish(s, result ? result : -ENOENT);
		return;
	}
	/* Its line ends are not those that it is sent with. */
	if (s->listed.flags & FLAG_BINARY) {
		finish(s, -EOPNOTSUPP);
		return;
	}
	s->fetch = (struct account_fetch){.shard = s->account,
	    .emailids = &s->listed.emailid,
	    .emailid_count = 1,
	    .derived = ACCOUNT_STRUCTURE,
	    .done = email_read};
	account_fetch(&store_role.accounts, &s->fetch);
}

static void key_read(struct account_metadata *metadata, int result)
{
	struct show *s = container_of(metadata, struct show, metadata);
	struct view key = {0};
	for (size_t i = 0; i < metadata->count && result == 0; i++)
		if (view_equal(metadata->values[i].name, VIEW(MAIL_URL_KEY_NAME)))
			key = metadata->values[i].value;
	if (result || !mail_url_token_matches(key, &s->url)) {
		finish(s, result && result != -ENOENT ? result : -EACCES);
		return;
	}
	s->list = (struct account_list){.shard = s->account,
	    .mailbox = s->mailbox,
	    .first = s->url.uid,
	    .last = s->url.uid,
	    .messages = &s->listed,
	    .room = 1,
	    .done = listed};
	account_list(&store_role.accounts, &s->list);
}

/* ---- the mailbox ---- */

static bool is_named(const struct account_tree_mailbox *m, struct view path)
{
	return m->number == MAILBOX_INBOX ? view_equal_nocase(path, VIEW("INBOX"))
	                                  : view_equal(m->path, path);
}

static void tree_read(struct account_tree *tree, int result)
{
	struct show *s = container_of(tree, struct show, tree);
	const struct mail_url *url = &s->url;
	for (size_t i = 0; i < tree->count && result == 0 && s->mailbox == 0; i++)
		if (is_named(&tree->mailboxes[i], url->mailbox) &&
		    (url->uidvalidity == 0 || url->uidvalidity == tree->mailboxes[i].uidvalidity))
			s->mailbox = tree->mailboxes[i].number;
	if (result || s->mailbox == 0) {
		finish(s, result ? result : -ENOENT);
		return;
	}
	s->metadata = (struct account_metadata){
	    .shard = s->account, .mailbox = s->mailbox, .name = VIEW(MAIL_URL_KEY_NAME), .done = key_read};
	account_metadata(&store_role.accounts, &s->metadata);
}

/* What the URL says, against who asks. */
static int judge(struct show *s, const struct message_show *m)
{
	struct view text;
	if (!arena_copy(&s->arena, m->url, &text) || !mail_url_parse(text, &s->arena, &s->url) ||
	    !s->url.absolute || s->url.token.len == 0 || !mime_section_parse(s->url.section, &s->section))
		return -EINVAL;
	if (!mail_url_is_ours(&s->url, store_role.process->settings.hostname, m->login))
		return -EXDEV;
	if (s->url.access != MAIL_URL_SUBMIT || !mail_url_is_user(s->url.access_user, m->login) ||
	    !mail_url_is_user(s->url.user, m->login) || (s->url.expires && s->url.expire < clock_wall()))
		return -EACCES;
	return 0;
}

void store_show(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_show *m = message;
	struct show *s = mem_alloc(sizeof *s);
	arena_init(&s->arena, TEXTS_MAX);
	buf_init(&s->piece, PIECE);
	if (!asked_begin(&s->asked, link, frame)) {
		struct message_shown busy = {.error = -EAGAIN};
		ipc_send(&link->channel, MESSAGE_SHOWN, frame->request, &busy, -1);
		arena_done(&s->arena);
		mem_free(s);
		return;
	}
	s->account = store_shard(STORE_ACCOUNT, m->account);
	s->offset = m->offset;
	int error = judge(s, m);
	s->tree = (struct account_tree){.shard = s->account, .done = tree_read};
	if (error)
		finish(s, error);
	else
		account_tree(&store_role.accounts, &s->tree);
}
