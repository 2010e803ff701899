/*
 * What administrators do to an account's credentials: see auth_administer.h. The record is read, changed and
 * written back; again, when a login was faster. An administrator's own account is left alone: whoever has
 * got hold of a session of one shall not lock the others out.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "format/json.h"
#include "role/auth/auth_administer.h"
#include "role/auth/auth_sign.h"
#include "trust/login/password.h"
#include "trust/login/strength.h"

enum { TRIES_MAX = 8, JSON_MAX = 128 * 1024 };

static void wipe(struct buf *b)
{
	if (b->data)
		mem_wipe(b->data, b->cap);
	buf_done(b);
}

/* ---- the account ---- */

struct look {
	struct administering *q;
	void (*then)(struct administering *q, bool administrator);
};

static bool looked_up(void *arg, struct link *link, struct channel_frame *frame)
{
	struct look look = *(struct look *)arg;
	struct administering *q = look.q;
	struct message_directory_answer m = {.error = -EAGAIN};
	if (frame && !link_decode(link, frame, &m))
		return false;
	mem_free(arg);
	q->asked = 0;
	if (m.error) {
		administer_end(q, m.error, 0, NULL, 0);
		return true;
	}
	buf_clear(&q->normal);
	buf_clear(&q->record);
	buf_append(&q->normal, auth_answer_field(&m, 0));
	buf_append(&q->record, auth_answer_field(&m, 1));
	q->account = m.number;
	if (q->credentials == NULL)
		q->credentials = mem_alloc(sizeof *q->credentials);
	if (buf_failed(&q->record) || credentials_decode(buf_view(&q->record), q->credentials) != 0)
		administer_end(q, -EBADMSG, 0, NULL, 0);
	else
		look.then(q, auth_answer_field(&m, 2).len > 0);
	return true;
}

static void look_up(struct administering *q, void (*then)(struct administering *q, bool administrator))
{
	struct view address = administer_field(q, 0);
	struct look *look = mem_alloc(sizeof *look);
	*look = (struct look){q, then};
	if (q->normal.max == 0) {
		buf_init(&q->normal, 2048);
		buf_init(&q->record, CREDENTIALS_MAX + 1024);
	}
	q->asked = auth_ask_directory(DIRECTORY_LOOK_UP, 0, &address, 1, looked_up, look);
	if (q->asked)
		return;
	mem_free(look);
	administer_end(q, -EAGAIN, 0, NULL, 0);
}

/* True: it is an administrator's, and that has been answered. */
static bool refuse_administrator(struct administering *q, bool administrator)
{
	if (administrator)
		administer_refuse(q, -EPERM,
		    "it is an administrator's account, which only the command line changes: see "
		    "`postrider account`");
	return administrator;
}

static void guarded(struct administering *q, bool administrator)
{
	if (!refuse_administrator(q, administrator))
		administer_run_pass(q);
}

void administer_run_guarded(struct administering *q)
{
	look_up(q, guarded);
}

void administer_run_set(struct administering *q)
{
	struct view what = administer_field(q, 1);
	if (view_equal(what, VIEW("disabled")))
		look_up(q, guarded);
	else if (view_equal(what, VIEW("quota")) || view_equal(what, VIEW("messages")))
		administer_run_pass(q);
	else
		administer_end(q, -EINVAL, 0, NULL, 0);
}

/* ---- how it can be opened ---- */

static int64_t last_place(const struct credentials *c)
{
	int64_t last = 0;
	for (size_t i = 0; i < c->place_count; i++)
		last = c->places[i].last > last ? c->places[i].last : last;
	return last;
}

static void tell_secrets(struct administering *q, bool administrator)
{
	struct buf json;
	buf_init(&json, JSON_MAX);
	buf_printf(&json, "{\"lastLogin\":%lld", (long long)last_place(q->credentials));
	auth_put_secrets(&json, q->credentials, clock_wall());
	buf_append_byte(&json, '}');
	const struct view fields[] = {buf_view(&json), administrator ? VIEW("1") : VIEW(""),
	    q->account ? VIEW("") : VIEW("1"), buf_view(&q->normal)};
	if (buf_failed(&json))
		administer_end(q, -ENOMEM, 0, NULL, 0);
	else
		administer_end(q, 0, q->account, fields, 4);
	buf_done(&json);
}

void administer_run_secrets(struct administering *q)
{
	look_up(q, tell_secrets);
}

/* ---- writing ---- */

static void change(struct administering *q, bool administrator);

static bool put(void *arg, struct link *link, struct channel_frame *frame)
{
	struct administering *q = arg;
	struct message_directory_answer m = {.error = -EAGAIN};
	if (frame && !link_decode(link, frame, &m))
		return false;
	q->asked = 0;
	if (directory_may_have_changed(DIRECTORY_CREDENTIALS_PUT, m.error))
		administer_changed(q, q->account, true);
	if (m.error == -ESTALE && ++q->tries < TRIES_MAX)
		look_up(q, change);
	else
		administer_end(q, m.error == -ESTALE ? -EAGAIN : m.error, 0, NULL, 0);
	return true;
}

static void write_back(struct administering *q)
{
	struct buf fresh;
	buf_init(&fresh, CREDENTIALS_MAX + 1024);
	int error = credentials_encode(q->credentials, &fresh);
	const struct view fields[] = {buf_view(&q->normal), buf_view(&fresh), buf_view(&q->record)};
	if (error == 0)
		q->asked = auth_ask_directory(
		    DIRECTORY_CREDENTIALS_PUT, DIRECTORY_CREDENTIALS_REPLACED, fields, 3, put, q);
	wipe(&fresh);
	if (error || q->asked == 0)
		administer_end(q, error ? error : -EAGAIN, 0, NULL, 0);
}

/* The record is the one of now: the change that the question wants is made to it. */
static void change(struct administering *q, bool administrator)
{
	struct credentials *c = q->credentials;
	if (refuse_administrator(q, administrator))
		return;
	if (q->m.operation == ADMIN_SESSIONS_END)
		c->sessions.count = 0;
	else if (q->m.operation == ADMIN_SECOND_OFF)
		second_factor_clear(&c->second);
	else
		credentials_put_hash(c, buf_view(&q->hash));
	write_back(q);
}

void administer_run_sessions_end(struct administering *q)
{
	look_up(q, change);
}

void administer_run_second_off(struct administering *q)
{
	look_up(q, change);
}

/* ---- passwords ---- */

/* A hash in a thread. The question waits for it, however its channel fares. */
struct hashing {
	struct auth_work work;
	struct administering *q;
	int result;
};

static void hash_it(struct auth_work *work)
{
	struct hashing *h = (struct hashing *)work;
	h->result = password_hash(administer_field(h->q, 1), &h->q->hash);
}

static void add_account(struct administering *q)
{
	unsigned char salt[SCRAM_SALT_SIZE];
	struct buf fresh;
	random_bytes(salt, sizeof salt);
	q->credentials = mem_alloc(sizeof *q->credentials);
	credentials_init(q->credentials, salt);
	credentials_put_hash(q->credentials, buf_view(&q->hash));
	buf_init(&fresh, CREDENTIALS_MAX + 1024);
	int error = credentials_encode(q->credentials, &fresh);
	const struct view fields[] = {administer_field(q, 0), buf_view(&fresh)};
	if (error == 0)
		administer_pass(q, q->m.number, fields, 2);
	else
		administer_end(q, error, 0, NULL, 0);
	wipe(&fresh);
}

static void hashed(struct auth_work *work)
{
	struct hashing *h = (struct hashing *)work;
	struct administering *q = h->q;
	int result = h->result;
	mem_free(h);
	if (result == -EINVAL)
		administer_refuse(q, -EKEYREJECTED, "it contains characters that cannot be used");
	else if (result)
		administer_end(q, result, 0, NULL, 0);
	else if (q->m.operation == ADMIN_ACCOUNT_ADD)
		add_account(q);
	else
		look_up(q, change);
}

static void hash_password(struct administering *q)
{
	struct view password = administer_field(q, 1);
	const char *weakness = password.len > PASSWORD_MAX
	                           ? "it is too long"
	                           : password_weakness(password, administer_field(q, 0));
	if (weakness) {
		administer_refuse(q, -EKEYREJECTED, weakness);
		return;
	}
	struct hashing *h = mem_alloc(sizeof *h);
	*h = (struct hashing){.work = {.run = hash_it, .done = hashed}, .q = q};
	buf_init(&q->hash, PASSWORD_HASH_MAX);
	if (auth_work_add(&h->work))
		return;
	mem_free(h);
	administer_end(q, -EAGAIN, 0, NULL, 0);
}

void administer_run_add(struct administering *q)
{
	hash_password(q);
}

static void may_have_password(struct administering *q, bool administrator)
{
	if (!refuse_administrator(q, administrator))
		hash_password(q);
}

void administer_run_password(struct administering *q)
{
	look_up(q, may_have_password);
}
