/*
 * See identities.h. A signature is longer than an entry: it lies beside it in pieces, C 'K' number kind part,
 * kind 0 of the text and 1 of the HTML.
 */
#include "account/identities.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "base/container.h"
#include "base/mem.h"

enum { VERSION = 1, PIECE = 1800, MEMORY_MAX = IDENTITY_COUNT_MAX * (2 * IDENTITY_SIGNATURE_MAX + 8192) };

enum signature { TEXT, HTML };

/* ---- entries ---- */

static struct account_key with(const char *kind, uint64_t number)
{
	struct account_key k = key_letter('C');
	k.data[k.len++] = kind[0];
	entry_write_fixed(k.data + k.len, 8, number);
	k.len += 8;
	return k;
}

static struct account_key key_identity(uint64_t number)
{
	return with("I", number);
}

static struct account_key key_piece(uint64_t number, enum signature kind, unsigned part)
{
	struct account_key k = with("K", number);
	k.data[k.len++] = (char)kind;
	entry_write_fixed(k.data + k.len, 2, part);
	k.len += 2;
	return k;
}

static bool key_read(struct view key, uint64_t *number)
{
	struct cursor c = cursor_on(key);
	if (cursor_u8(&c) != 'C' || cursor_u8(&c) != 'I')
		return false;
	*number = cursor_u64(&c);
	return cursor_ok(&c) && cursor_at_end(&c);
}

static void encode(const struct account_identity *i, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, i->created);
	entry_add_number(out, i->modseq);
	entry_add_number(out, i->derived);
	entry_add_text(out, i->name);
	entry_add_text(out, i->email);
	entry_add_text(out, i->reply_to);
	entry_add_text(out, i->bcc);
	entry_add_number(out, i->text_len);
	entry_add_number(out, i->html_len);
}

static int decode(uint64_t number, struct view value, struct account_identity *i)
{
	struct cursor c = entry_read(value, VERSION);
	struct account_identity r = {.number = number};
	r.created = entry_take_number(&c);
	r.modseq = entry_take_number(&c);
	r.derived = entry_take_number(&c) != 0;
	r.name = entry_take_text(&c);
	r.email = entry_take_text(&c);
	r.reply_to = entry_take_text(&c);
	r.bcc = entry_take_text(&c);
	r.text_len = (uint32_t)entry_take_limited(&c, IDENTITY_SIGNATURE_MAX);
	r.html_len = (uint32_t)entry_take_limited(&c, IDENTITY_SIGNATURE_MAX);
	if (cursor_ok(&c))
		*i = r;
	return entry_result(&c);
}

int account_identity_get(struct txn *t, uint64_t shard, uint64_t number, struct account_identity *out)
{
	struct view value;
	int error = key_get(t, shard, key_identity(number), &value);
	return error ? error : decode(number, value, out);
}

static void touch(struct account_change *c)
{
	c->head.identities_modseq = c->head.modseq;
	c->head_changed = true;
}

/* ---- setting ---- */

static int put_pieces(struct account_change *c, uint64_t number, enum signature kind, struct view text)
{
	struct entry value;
	int error = 0;
	unsigned part = 0;
	for (; text.len > 0 && error == 0; part++, text = view_skip(text, PIECE)) {
		entry_begin(&value, VERSION);
		entry_add_text(&value, view_take(text, PIECE));
		error = change_put(c, key_piece(number, kind, part), &value);
	}
	return error;
}

static int delete_pieces(struct account_change *c, uint64_t number, enum signature kind, size_t len)
{
	int error = 0;
	for (unsigned part = 0; part * PIECE < len && error == 0; part++)
		error = change_delete(c, key_piece(number, kind, part));
	return error;
}

static int set_signature(
    struct account_change *c, struct account_identity *i, enum signature kind, struct view text)
{
	uint32_t *len = kind == TEXT ? &i->text_len : &i->html_len;
	int error = delete_pieces(c, i->number, kind, *len);
	if (error == 0)
		error = put_pieces(c, i->number, kind, text);
	*len = (uint32_t)text.len;
	return error;
}

/* Its texts outlive the entry's view. */
struct texts {
	char bytes[STORE_ENTRY_MAX];
	size_t len;
};

static void keep(struct texts *t, struct view *text)
{
	if (text->len)
		memcpy(t->bytes + t->len, text->data, text->len);
	text->data = t->bytes + t->len;
	t->len += text->len;
}

static bool is_within_limits(const struct account_identity *w)
{
	return w->name.len <= IDENTITY_NAME_MAX && w->email.len <= IDENTITY_EMAIL_MAX &&
	       w->reply_to.len <= IDENTITY_ADDRESSES_MAX && w->bcc.len <= IDENTITY_ADDRESSES_MAX &&
	       w->text.len <= IDENTITY_SIGNATURE_MAX && w->html.len <= IDENTITY_SIGNATURE_MAX;
}

static int write_identity(
    struct account_change *c, struct account_identity *i, unsigned has, const struct account_identity *w)
{
	struct entry value;
	int error = 0;
	i->name = has & IDENTITY_HAS_NAME ? w->name : i->name;
	i->reply_to = has & IDENTITY_HAS_REPLY_TO ? w->reply_to : i->reply_to;
	i->bcc = has & IDENTITY_HAS_BCC ? w->bcc : i->bcc;
	if (has & IDENTITY_HAS_TEXT)
		error = set_signature(c, i, TEXT, w->text);
	if (error == 0 && has & IDENTITY_HAS_HTML)
		error = set_signature(c, i, HTML, w->html);
	i->modseq = c->head.modseq;
	touch(c);
	encode(i, &value);
	return error ? error : change_put(c, key_identity(i->number), &value);
}

static int make(struct account_change *c, unsigned has, const struct account_identity *w, uint64_t *number)
{
	if (c->head.identities >= IDENTITY_COUNT_MAX)
		return -EMLINK;
	struct account_identity i = {.number = ++c->head.last_identity,
	    .created = c->head.modseq,
	    .derived = w->derived,
	    .email = w->email};
	c->head.identities++;
	*number = i.number;
	return write_identity(c, &i, has, w);
}

static int change(struct account_change *c, uint64_t number, unsigned has, const struct account_identity *w)
{
	struct account_identity i;
	struct texts texts = {.len = 0};
	struct view value;
	int error = change_get(c, key_identity(number), &value);
	if (error == 0)
		error = decode(number, value, &i);
	if (error)
		return error;
	keep(&texts, &i.name);
	keep(&texts, &i.email);
	keep(&texts, &i.reply_to);
	keep(&texts, &i.bcc);
	return write_identity(c, &i, has, w);
}

int account_identity_set(struct txn *t, uint64_t shard, int64_t now, uint64_t *number, unsigned has,
    const struct account_identity *w, uint64_t *modseq)
{
	struct account_change *c = mem_alloc(sizeof *c);
	uint64_t made = *number;
	int error = is_within_limits(w) ? change_begin(c, t, shard, now) : -EINVAL;
	if (error == 0)
		error = made ? change(c, made, has, w) : make(c, has, w, &made);
	if (error == 0)
		error = change_end(c);
	if (error == 0) {
		*number = made;
		*modseq = c->head.identities_modseq;
	}
	mem_free(c);
	return error;
}

/* ---- removing ---- */

static int erase(struct account_change *c, const struct account_identity *i)
{
	int error = delete_pieces(c, i->number, TEXT, i->text_len);
	if (error == 0)
		error = delete_pieces(c, i->number, HTML, i->html_len);
	if (error == 0)
		error = change_delete(c, key_identity(i->number));
	if (error == 0)
		error = change_log_destroyed(c, KIND_IDENTITY, i->number);
	c->head.identities = (uint32_t)less(c->head.identities, 1);
	touch(c);
	return error;
}

int account_identity_remove(struct txn *t, uint64_t shard, int64_t now, uint64_t number, uint64_t *modseq)
{
	struct account_change *c = mem_alloc(sizeof *c);
	struct account_identity i;
	int error = change_begin(c, t, shard, now);
	if (error == 0)
		error = account_identity_get(t, shard, number, &i);
	if (error == 0)
		error = i.derived ? -EPERM : erase(c, &i);
	if (error == 0)
		error = change_end(c);
	if (error == 0)
		*modseq = c->head.identities_modseq;
	mem_free(c);
	return error;
}

/* ---- following the addresses ---- */

struct following {
	const struct view *addresses;
	size_t count;
	bool *have; /* of each address */
	struct account_identity gone[IDENTITY_COUNT_MAX];
	size_t gone_count;
};

static int compare(void *arg, struct view key, struct view value)
{
	struct following *f = arg;
	struct account_identity i;
	uint64_t number;
	if (!key_read(key, &number))
		return -EBADMSG;
	if (decode(number, value, &i) != 0 || !i.derived)
		return 0;
	for (size_t k = 0; k < f->count; k++) {
		if (!f->have[k] && view_equal(f->addresses[k], i.email)) {
			f->have[k] = true;
			return 0;
		}
	}
	if (f->gone_count < IDENTITY_COUNT_MAX)
		f->gone[f->gone_count++] = i;
	return 0;
}

static bool is_in_step(const struct following *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (!f->have[i])
			return false;
	return f->gone_count == 0;
}

static int follow(struct account_change *c, const struct following *f)
{
	int error = 0;
	uint64_t number;
	for (size_t i = 0; i < f->gone_count && error == 0; i++)
		error = erase(c, &f->gone[i]);
	for (size_t i = 0; i < f->count && error == 0; i++)
		if (!f->have[i] && c->head.identities < IDENTITY_COUNT_MAX)
			error = make(c, 0,
			    &(struct account_identity){.derived = true, .email = f->addresses[i]}, &number);
	return error;
}

int account_identities_follow(
    struct txn *t, uint64_t shard, int64_t now, const struct view *addresses, size_t count)
{
	struct following *f = mem_alloc(sizeof *f);
	struct account_change *c = mem_alloc(sizeof *c);
	struct account_key from = key_identity(0), to = key_identity(UINT64_MAX);
	size_t damaged = 0; /* one of an address that leads here is made anew */
	struct txn_range range = {
	    .shard = shard, .from = key_view(&from), .to = key_view(&to), .passed = &damaged};
	*f = (struct following){
	    .addresses = addresses, .count = count, .have = mem_array(count, sizeof *f->have)};
	int error = change_begin(c, t, shard, now);
	if (error == 0)
		error = txn_range(t, &range, compare, f);
	bool full = c->head.identities >= IDENTITY_COUNT_MAX && f->gone_count == 0;
	if (error == 0 && !full && !is_in_step(f)) {
		error = follow(c, f);
		if (error == 0)
			error = change_end(c);
	}
	mem_free(f->have);
	mem_free(f);
	mem_free(c);
	return error;
}

/* ---- listing ---- */

static int add(void *arg, struct view key, struct view value)
{
	struct account_identities *s = arg;
	struct account_identity *i = &s->list[s->count];
	uint64_t number;
	if (!key_read(key, &number) || s->count == IDENTITY_COUNT_MAX)
		return -EBADMSG;
	if (decode(number, value, i) != 0 || i->modseq <= s->since)
		return 0;
	if (!arena_copy(s->arena, i->name, &i->name) || !arena_copy(s->arena, i->email, &i->email) ||
	    !arena_copy(s->arena, i->reply_to, &i->reply_to) || !arena_copy(s->arena, i->bcc, &i->bcc))
		return -ENOMEM;
	s->count++;
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct account_identities *s = arg;
	struct account_head head;
	struct account_key from = key_identity(0), to = key_identity(UINT64_MAX);
	size_t damaged = 0;
	struct txn_range range = {
	    .shard = s->shard, .from = key_view(&from), .to = key_view(&to), .passed = &damaged};
	s->count = 0;
	arena_reset(s->arena);
	int error = head_get(t, s->shard, &head);
	if (error)
		return error;
	s->state = head.identities_modseq;
	return head.identities == 0 ? 0 : txn_range(t, &range, add, s);
}

/* A piece that is missing or damaged ends the text. */
static int read_signature(
    struct txn *t, struct account_identities *s, struct account_identity *i, enum signature kind)
{
	size_t len = kind == TEXT ? i->text_len : i->html_len, have = 0;
	char *bytes = len ? arena_alloc(s->arena, len) : NULL;
	struct view value;
	if (len && bytes == NULL)
		return -ENOMEM;
	for (unsigned part = 0; have < len; part++) {
		int error = key_get(t, s->shard, key_piece(i->number, kind, part), &value);
		if (error && error != -ENOENT)
			return error;
		struct cursor c = entry_read(error ? (struct view){0} : value, VERSION);
		struct view piece = view_take(entry_take_text(&c), len - have);
		if (entry_result(&c) != 0 || piece.len == 0)
			break;
		memcpy(bytes + have, piece.data, piece.len);
		have += piece.len;
	}
	*(kind == TEXT ? &i->text : &i->html) = view_of(bytes, have);
	return 0;
}

static int run_signatures(struct txn *t, void *arg)
{
	struct account_identities *s = arg;
	struct account_identity *i = &s->list[s->at];
	int error = read_signature(t, s, i, TEXT);
	return error ? error : read_signature(t, s, i, HTML);
}

static void end(struct account_identities *s, int result)
{
	if (result)
		account_identities_free(s);
	s->done(s, result);
}

static void next_signatures(struct account_identities *s);

static void signatures_read(struct store_read *read, int result)
{
	struct account_identities *s = container_of(read, struct account_identities, read);
	s->at++;
	if (result)
		end(s, result);
	else
		next_signatures(s);
}

static void next_signatures(struct account_identities *s)
{
	while (s->at < s->count && s->list[s->at].text_len + s->list[s->at].html_len == 0)
		s->at++;
	if (s->at == s->count) {
		end(s, 0);
		return;
	}
	s->read =
	    (struct store_read){.shard = s->shard, .run = run_signatures, .arg = s, .done = signatures_read};
	store_read(s->accounts->store, &s->read);
}

static void listed(struct store_read *read, int result)
{
	struct account_identities *s = container_of(read, struct account_identities, read);
	s->at = 0;
	if (result)
		end(s, result);
	else
		next_signatures(s);
}

void account_identities(struct accounts *a, struct account_identities *s)
{
	s->accounts = a;
	s->list = mem_array(IDENTITY_COUNT_MAX, sizeof *s->list);
	s->arena = mem_alloc(sizeof *s->arena);
	arena_init(s->arena, MEMORY_MAX);
	s->read = (struct store_read){.shard = s->shard, .run = run_list, .arg = s, .done = listed};
	store_read(a->store, &s->read);
}

void account_identities_free(struct account_identities *s)
{
	mem_free(s->list);
	if (s->arena)
		arena_done(s->arena);
	mem_free(s->arena);
	s->list = NULL;
	s->arena = NULL;
	s->count = 0;
}
