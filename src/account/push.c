/* See push.h. */
#include "account/push.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "base/mem.h"

enum { VERSION = 1, VERIFIED = 1, ALL_TYPES = 2, EMAILS = 4 };

/* ---- entries ---- */

static struct account_key key_of(char letter, uint64_t number)
{
	struct account_key k = key_letter('C');
	k.data[k.len++] = letter;
	entry_write_fixed(k.data + k.len, 8, number);
	k.len += 8;
	return k;
}

static struct account_key key_push(uint64_t number)
{
	return key_of('P', number);
}

static bool key_read(struct view key, uint64_t *number)
{
	struct cursor c = cursor_on(key);
	if (cursor_u8(&c) != 'C' || cursor_u8(&c) != 'P')
		return false;
	*number = cursor_u64(&c);
	return cursor_ok(&c) && cursor_at_end(&c);
}

static int put(struct txn *t, uint64_t shard, const struct account_push *p)
{
	struct entry e;
	entry_begin(&e, VERSION);
	entry_add_number(&e, p->session);
	entry_add_number(&e, (uint64_t)p->expires);
	entry_add_number(
	    &e, (p->verified ? VERIFIED : 0) | (p->all_types ? ALL_TYPES : 0) | (p->emails ? EMAILS : 0));
	entry_add_text(&e, p->url);
	entry_add_text(&e, p->device);
	entry_add_text(&e, p->types);
	entry_add_text(&e, p->point);
	entry_add_text(&e, p->auth);
	entry_add_text(&e, p->code);
	return value_put(t, shard, key_push(p->number), &e);
}

static int decode(uint64_t number, struct view value, struct account_push *p)
{
	struct cursor c = entry_read(value, VERSION);
	struct account_push r = {.number = number};
	r.session = entry_take_number(&c);
	r.expires = (int64_t)entry_take_limited(&c, INT64_MAX);
	uint64_t flags = entry_take_number(&c);
	r.verified = flags & VERIFIED;
	r.all_types = flags & ALL_TYPES;
	r.emails = flags & EMAILS;
	r.url = entry_take_text(&c);
	r.device = entry_take_text(&c);
	r.types = entry_take_text(&c);
	r.point = entry_take_text(&c);
	r.auth = entry_take_text(&c);
	r.code = entry_take_text(&c);
	if (cursor_ok(&c))
		*p = r;
	return entry_result(&c);
}

/* ---- what it wants to know of emails ---- */

static int put_emails(struct txn *t, uint64_t shard, uint64_t number, struct view json, struct view form)
{
	struct entry e;
	if (view_empty(form))
		return key_delete(t, shard, key_of('T', number));
	entry_begin(&e, VERSION);
	entry_add_text(&e, json);
	entry_add_text(&e, form);
	return value_put(t, shard, key_of('T', number), &e);
}

int account_push_emails(struct txn *t, uint64_t shard, uint64_t number, struct view *json, struct view *form)
{
	struct view value;
	int error = key_get(t, shard, key_of('T', number), &value);
	if (error)
		return error == -EBADMSG ? -ENOENT : error;
	struct cursor c = entry_read(value, VERSION);
	*json = entry_take_text(&c);
	*form = entry_take_text(&c);
	return entry_result(&c) ? -ENOENT : 0;
}

static int delete_both(struct txn *t, uint64_t shard, uint64_t number)
{
	int error = key_delete(t, shard, key_push(number));
	return error ? error : key_delete(t, shard, key_of('T', number));
}

/* ---- looking ---- */

struct walk {
	int (*visit)(void *arg, const struct account_push *p);
	void *arg;
};

static int step(void *arg, struct view key, struct view value)
{
	struct walk *w = arg;
	struct account_push p;
	uint64_t number;
	if (!key_read(key, &number))
		return -EBADMSG;
	return decode(number, value, &p) == 0 ? w->visit(w->arg, &p) : 0;
}

static int visit_all(struct txn *t, uint64_t shard, int (*visit)(void *arg, const struct account_push *p),
    void *arg, size_t *damaged)
{
	struct account_head head;
	struct walk w = {visit, arg};
	struct account_key from = key_push(0), to = key_push(UINT64_MAX);
	struct txn_range range = {
	    .shard = shard, .from = key_view(&from), .to = key_view(&to), .passed = damaged};
	int error = head_get(t, shard, &head);
	return error ? error : txn_range(t, &range, step, &w);
}

int account_push_each(
    struct txn *t, uint64_t shard, int (*visit)(void *arg, const struct account_push *p), void *arg)
{
	size_t damaged = 0;
	return visit_all(t, shard, visit, arg, &damaged);
}

/* ---- what goes ---- */

struct sweep {
	int64_t now;
	uint64_t session;
	bool all;
	uint64_t gone[PUSH_COUNT_MAX];
	size_t count, left;
};

static int judge(void *arg, const struct account_push *p)
{
	struct sweep *s = arg;
	bool goes =
	    s->all || p->expires <= s->now || (s->session != ACCOUNT_PUSH_ANY && p->session == s->session);
	if (goes && s->count < PUSH_COUNT_MAX)
		s->gone[s->count++] = p->number;
	else
		s->left++;
	return 0;
}

int account_push_sweep(struct txn *t, uint64_t shard, int64_t now, uint64_t session, bool all, size_t *left)
{
	struct sweep s = {.now = now, .session = session, .all = all};
	size_t damaged = 0;
	int error = visit_all(t, shard, judge, &s, &damaged);
	for (size_t i = 0; i < s.count && error == 0; i++)
		error = delete_both(t, shard, s.gone[i]);
	*left = s.left + damaged;
	return error;
}

/* ---- changing ---- */

static bool is_within_limits(const struct account_push *p)
{
	bool encrypted = p->point.len == PUSH_POINT_SIZE && p->auth.len == PUSH_AUTH_SIZE;
	return p->number > 0 && p->url.len > 0 && p->url.len <= PUSH_URL_MAX && p->device.len > 0 &&
	       p->device.len <= PUSH_DEVICE_MAX && p->types.len <= PUSH_TYPES_MAX &&
	       (encrypted || p->point.len + p->auth.len == 0) && p->code.len == PUSH_CODE_SIZE &&
	       p->emails == !view_empty(p->email_form) && (encrypted || !p->emails) &&
	       p->email_json.len <= EMAIL_PUSH_JSON_MAX && p->email_form.len <= EMAIL_PUSH_FORM_MAX;
}

int account_push_add(struct txn *t, uint64_t shard, int64_t now, const struct account_push *p)
{
	size_t left = 0;
	struct view there;
	int error = is_within_limits(p) ? key_get(t, shard, key_push(p->number), &there) : -EINVAL;
	if (error == 0)
		return -EEXIST;
	if (error == -ENOENT)
		error = account_push_sweep(t, shard, now, ACCOUNT_PUSH_ANY, false, &left);
	if (error == 0 && left >= PUSH_COUNT_MAX)
		error = -EMLINK;
	if (error == 0 && p->emails)
		error = put_emails(t, shard, p->number, p->email_json, p->email_form);
	return error ? error : put(t, shard, p);
}

/* A write ends what an entry's views show: the texts move into `texts`. */
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

static int get(struct txn *t, uint64_t shard, uint64_t number, struct account_push *p, struct texts *texts)
{
	struct account_head head;
	struct view value;
	int error = head_get(t, shard, &head);
	if (error == 0)
		error = key_get(t, shard, key_push(number), &value);
	if (error == 0)
		error = decode(number, value, p);
	if (error)
		return error == -EBADMSG ? -ENOENT : error;
	keep(texts, &p->url);
	keep(texts, &p->device);
	keep(texts, &p->types);
	keep(texts, &p->point);
	keep(texts, &p->auth);
	keep(texts, &p->code);
	return 0;
}

/* All of a code is compared, so that the time tells nothing of it. */
static bool is_code(struct view a, struct view b)
{
	unsigned char differs = a.len != b.len;
	for (size_t i = 0; i < a.len && i < b.len; i++)
		differs |= (unsigned char)(a.data[i] ^ b.data[i]);
	return !differs;
}

int account_push_update(struct txn *t, uint64_t shard, int64_t now, uint64_t session,
    const struct push_update *m, int64_t *expires)
{
	struct account_push p;
	struct texts texts = {.len = 0};
	int error = get(t, shard, m->number, &p, &texts);
	if (error == 0 && (p.session != session || p.expires <= now))
		error = -ENOENT;
	if (error == 0 && (m->has & PUSH_HAS_CODE) && !is_code(p.code, m->code))
		error = -EACCES;
	/* What stands in an email goes out encrypted or not at all. */
	if (error == 0 && (m->has & PUSH_HAS_EMAILS) && m->email_form.len > 0 && view_empty(p.point))
		error = -EPERM;
	if (error)
		return error;
	if (m->has & PUSH_HAS_CODE)
		p.verified = true;
	if (m->has & PUSH_HAS_EXPIRES)
		p.expires = (int64_t)m->expires;
	if (m->has & PUSH_HAS_TYPES) {
		p.all_types = m->all_types != 0;
		p.types = view_take(m->types, PUSH_TYPES_MAX);
	}
	if (m->has & PUSH_HAS_EMAILS) {
		p.emails = m->email_form.len > 0;
		error = put_emails(t, shard, m->number, m->email_json, m->email_form);
	}
	*expires = p.expires;
	return error ? error : put(t, shard, &p);
}

int account_push_remove(struct txn *t, uint64_t shard, uint64_t session, uint64_t number)
{
	struct account_push p;
	struct texts texts = {.len = 0};
	int error = get(t, shard, number, &p, &texts);
	if (error == 0 && session != ACCOUNT_PUSH_ANY && p.session != session)
		error = -ENOENT;
	return error ? error : delete_both(t, shard, number);
}
