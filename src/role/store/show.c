/* What a URL with a token shows: show.h. */
#include "role/store/show.h"

#include <errno.h>

#include "base/container.h"
#include "base/mem.h"
#include "mime/section.h"
#include "mime/summary.h"
#include "role/store/store_private.h"

enum {
	PIECE = 128 * 1024,
	/* A URL's texts, and the structure of a message. */
	TEXTS_MAX = 8 * 1024 * 1024
};

void show_init(struct show *s)
{
	arena_init(&s->arena, TEXTS_MAX);
	buf_init(&s->piece, PIECE);
	buf_init(&s->structure, STRUCTURE_MAX);
}

void show_free(struct show *s)
{
	account_tree_free(&s->tree);
	account_metadata_free(&s->metadata);
	account_fetch_free(&s->fetch);
	mem_free(s->part.out);
	buf_done(&s->piece);
	buf_done(&s->structure);
	arena_done(&s->arena);
}

bool show_url(struct show *s, struct view url)
{
	struct view text;
	struct mime_section section;
	return arena_copy(&s->arena, url, &text) && mail_url_parse(text, &s->arena, &s->url) &&
	       s->url.absolute && s->url.token.len > 0 && mime_section_parse(s->url.section, &section);
}

/* ---- its octets ---- */

static void piece_read(struct store_blob_read *read)
{
	struct show *s = container_of(read, struct show, blobs);
	int error = s->part.result;
	if (error == 0)
		error = buf_append(&s->piece, view_of(s->part.out, s->part.length));
	s->done(s, error);
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
		s->done(s, error);
		return;
	}
	s->part = (struct store_blob_part){.id = e->blob,
	    .offset = from - e->prefix.len,
	    .length = (size_t)len,
	    .out = mem_try((size_t)len)};
	s->blobs = (struct store_blob_read){.parts = &s->part, .count = 1, .done = piece_read};
	if (s->part.out == NULL)
		s->done(s, -ENOMEM);
	else
		store_blob_read(store_role.store, &s->blobs);
}

/* The structure of this part and those in it, as if there were nothing around it: it is the root, which is
 * always marked as a message. */
static int put_structure(struct show *s, const struct mime_tree *tree, size_t part)
{
	const struct mime_part *root = &tree->parts[part];
	struct mime_tree own = {.lines = root->body_lines};
	size_t end = part + 1;
	while (end < tree->count && tree->parts[end].depth > root->depth)
		end++;
	own.size = root->body_offset + root->body_len - root->header_offset;
	own.count = end - part;
	own.parts = arena_alloc(&s->arena, own.count * sizeof *own.parts);
	if (own.parts == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < own.count; i++) {
		own.parts[i] = tree->parts[part + i];
		own.parts[i].parent = i == 0 ? -1 : own.parts[i].parent - (int)part;
		own.parts[i].depth -= root->depth;
		own.parts[i].header_offset -= root->header_offset;
		own.parts[i].body_offset -= root->header_offset;
	}
	own.parts[0].is_message = true;
	return mime_tree_encode(&own, &s->structure);
}

/* What is told beside the octets. */
static int describe(struct show *s, const struct mime_section *section, const struct mime_tree *tree)
{
	int part = section->part.len ? mime_part_find(tree, section->part) : 0;
	if (section->text != MIME_SECTION_WHOLE || part < 0 || tree->count == 0)
		return 0;
	if (section->part.len && mime_first_child(tree, (size_t)part) < 0)
		s->encoding = tree->parts[part].encoding;
	return s->offset == 0 ? put_structure(s, tree, (size_t)part) : 0;
}

/* Where the section lies. False: there is no such section, or it cannot be told. */
static bool find_section(struct show *s, const struct account_fetched *e, struct mime_extent *extent)
{
	struct mime_tree tree = {0};
	struct mime_section section;
	struct mime_form form = {.tree = &tree, .prefix_len = e->prefix.len};
	form.size = e->prefix.len + e->body_len;
	if (!mime_section_parse(s->url.section, &section))
		return false;
	bool whole = section.text == MIME_SECTION_WHOLE && section.part.len == 0;
	if (!whole || e->structure.len > 0)
		if (e->structure.len == 0 || mime_tree_decode(e->structure, &s->arena, &tree) != 0 ||
		    tree.size > e->body_len)
			return false;
	if (describe(s, &section, &tree) != 0)
		return false;
	return mime_section_find(&section, &form, extent);
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
		s->done(s, error);
		return;
	}
	bool encoded = s->encoding == TRANSFER_BASE64 || s->encoding == TRANSFER_QUOTED_PRINTABLE;
	bool partial = s->url.partial && !(s->whole && encoded);
	uint64_t skip = partial ? s->url.offset : 0;
	skip = skip < all.len ? skip : all.len;
	all.offset += skip;
	all.len -= skip;
	if (partial && s->url.count && s->url.count < all.len)
		all.len = s->url.count;
	s->size = all.len;
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
		s->done(s, result ? result : -ENOENT);
		return;
	}
	/* Its line ends are not those that it is sent with. */
	if (s->listed.flags & FLAG_BINARY) {
		s->done(s, -EOPNOTSUPP);
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
		s->done(s, result && result != -ENOENT ? result : -EACCES);
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
		s->done(s, result ? result : -ENOENT);
		return;
	}
	s->metadata = (struct account_metadata){
	    .shard = s->account, .mailbox = s->mailbox, .name = VIEW(MAIL_URL_KEY_NAME), .done = key_read};
	account_metadata(&store_role.accounts, &s->metadata);
}

void show_run(struct show *s)
{
	s->tree = (struct account_tree){.shard = s->account, .done = tree_read};
	account_tree(&store_role.accounts, &s->tree);
}
