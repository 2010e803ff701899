/* Reports of others: mails that wait to be read, reports that are kept once, listed in parts, and expire. */
#include "../store/in_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ledger/received.h"

/* ---- mails ---- */

static int run_mail(struct txn *t, void *arg)
{
	struct received_mail *m = arg;
	m->body = txn_body(t, 0);
	return received_mail_put(t, m);
}

static int put_mail(int64_t at, const char *id, const char *from)
{
	struct received_mail m = {.at = at, .length = 10, .from = view_from_string(from)};
	memcpy(m.id, id, sizeof m.id);
	return test_commit_body(store, run_mail, &m, test_upload(store, 3, 20));
}

struct first {
	struct received_mail mail;
	char from[100];
};

static int run_first(struct txn *t, void *arg)
{
	struct first *f = arg;
	int error = received_mail_first(t, &f->mail);
	if (error == 0)
		snprintf(f->from, sizeof f->from, "%.*s", VIEW_FMT(f->mail.from));
	return error;
}

static int run_drop(struct txn *t, void *arg)
{
	return received_mail_drop(t, arg);
}

static void mails_wait_in_their_order(void **state)
{
	struct first f;
	char out[10], same[10];
	(void)state;
	assert_int_equal(test_read(store, LEDGER_SHARD, run_first, &f), -ENOENT);
	assert_int_equal(put_mail(2000, "bbbbbbbbbbbb", "two.example"), 0);
	assert_int_equal(put_mail(1000, "aaaaaaaaaaaa", ""), 0);
	assert_int_equal(test_read(store, LEDGER_SHARD, run_first, &f), 0);
	assert_int_equal(f.mail.at, 1000);
	assert_memory_equal(f.mail.id, "aaaaaaaaaaaa", 12);
	assert_int_equal(f.mail.length, 10);
	assert_string_equal(f.from, "");
	assert_int_equal(test_blob(store, &f.mail.body, 0, out, sizeof out), 0);
	test_bytes(3, 0, same, sizeof same);
	assert_memory_equal(out, same, sizeof same);
	assert_int_equal(test_commit(store, run_drop, &f.mail), 0);
	assert_int_equal(test_read(store, LEDGER_SHARD, run_first, &f), 0);
	assert_string_equal(f.from, "two.example");
	assert_int_equal(test_commit(store, run_drop, &f.mail), 0);
	assert_int_equal(test_read(store, LEDGER_SHARD, run_first, &f), -ENOENT);
}

/* ---- reports ---- */

static int run_put(struct txn *t, void *arg)
{
	struct received_report *r = arg;
	r->bytes = txn_body(t, 0);
	return received_put(t, r);
}

static int put_by(const char *from, unsigned kind, int64_t at, const char *domain, const char *id)
{
	struct received_report r = {.kind = kind,
	    .at = at,
	    .domain = view_from_string(domain),
	    .org = VIEW("Reporter"),
	    .id = view_from_string(id),
	    .from = view_from_string(from),
	    .begin = 5,
	    .end = 6};
	return test_commit_body(store, run_put, &r, test_upload(store, 3, 20));
}

static int put(unsigned kind, int64_t at, const char *domain, const char *id)
{
	return put_by("reporter.example", kind, at, domain, id);
}

struct listing {
	struct received_place place;
	size_t count;
	char domain[100];
	bool more;
};

static int take(void *arg, const struct received_report *r)
{
	struct listing *l = arg;
	l->count++;
	snprintf(l->domain, sizeof l->domain, "%.*s %.*s %.*s %.*s", VIEW_FMT(r->domain), VIEW_FMT(r->org),
	    VIEW_FMT(r->id), VIEW_FMT(r->from));
	return blob_length(&r->bytes) == 20 && r->begin == 5 && r->end == 6 ? 0 : -EBADMSG;
}

static int run_list(struct txn *t, void *arg)
{
	struct listing *l = arg;
	return received_list(t, &l->place, take, l, &l->more);
}

static struct listing list(void)
{
	struct listing l = {.count = 0};
	do
		assert_int_equal(test_read(store, LEDGER_SHARD, run_list, &l), 0);
	while (l.more);
	return l;
}

static void a_report_is_kept_once(void **state)
{
	(void)state;
	assert_int_equal(put(1, 100, "example.com", "1"), 0);
	assert_int_equal(put(1, 200, "example.com", "1"), -EEXIST);
	assert_string_equal(list().domain, "example.com Reporter 1 reporter.example");
	assert_int_equal(put(2, 100, "example.com", "1"), 0);
	assert_int_equal(put(1, 100, "example.com", "2"), 0);
	assert_int_equal(put(1, 100, "example.org", "1"), 0);
	assert_int_equal(list().count, 4);
}

/* ---- what compaction must keep ---- */

struct blobs {
	struct blob_id found[10];
	size_t count;
};

static void note_blob(void *arg, const struct blob_id *id)
{
	struct blobs *b = arg;
	b->found[b->count++] = *id;
}

static int look_at_entry(void *arg, struct view key, struct view value)
{
	ledger_names_blobs(LEDGER_SHARD, key, value, note_blob, arg);
	return 0;
}

static int run_blobs(struct txn *t, void *arg)
{
	return txn_range(t, &(struct txn_range){.shard = LEDGER_SHARD}, look_at_entry, arg);
}

static void every_blob_is_named(void **state)
{
	struct blobs blobs = {.count = 0};
	char out[20], same[20];
	(void)state;
	assert_int_equal(put_mail(1000, "aaaaaaaaaaaa", "one.example"), 0);
	assert_int_equal(put(1, 100, "example.com", "1"), 0);
	assert_int_equal(put(2, 100, "example.com", "2"), 0);
	assert_int_equal(test_read(store, LEDGER_SHARD, run_blobs, &blobs), 0);
	assert_int_equal(blobs.count, 3);
	test_bytes(3, 0, same, sizeof same);
	for (size_t i = 0; i < blobs.count; i++) {
		assert_int_equal(test_blob(store, &blobs.found[i], 0, out, sizeof out), 0);
		assert_memory_equal(out, same, sizeof same);
	}
}

struct expiry {
	int64_t before;
	struct received_place place, next;
	bool more;
};

static int run_expire(struct txn *t, void *arg)
{
	struct expiry *x = arg;
	x->next = x->place;
	return received_expire(t, x->before, &x->next, &x->more);
}

static void many_are_listed_in_parts_and_expire(void **state)
{
	char id[20];
	struct expiry x = {.before = 150};
	(void)state;
	for (unsigned i = 0; i < 350; i++) {
		snprintf(id, sizeof id, "%u", i);
		assert_int_equal(put(1 + i % 2, i % 3 ? 100 : 200, "example.com", id), 0);
	}
	assert_int_equal(list().count, 350);
	do {
		assert_int_equal(test_commit(store, run_expire, &x), 0);
		x.place = x.next;
	} while (x.more);
	assert_int_equal(list().count, 117);
}

static int run_amount(struct txn *t, void *arg)
{
	struct ledger_key k = ledger_key('V');
	return ledger_amount_put(t, &k, arg);
}

/* Who forges what another will send keeps nothing out, neither by its name nor by filling the room. */
static void forged_ones_keep_no_others_out(void **state)
{
	struct ledger_amount half = {.count = RECEIVED_MAX / RECEIVED_UNPROVEN_PART},
	                     all = {.count = RECEIVED_MAX};
	(void)state;
	assert_int_equal(put_by("", 1, 100, "example.com", "1"), 0);
	assert_int_equal(put_by("forger.example", 1, 100, "example.com", "1"), 0);
	assert_int_equal(put(1, 100, "example.com", "1"), 0);
	assert_int_equal(put_by("", 1, 100, "example.com", "1"), -EEXIST);
	assert_int_equal(test_commit(store, run_amount, &half), 0);
	assert_int_equal(put_by("", 1, 100, "example.com", "2"), -EDQUOT);
	assert_int_equal(put(1, 100, "example.com", "2"), 0);
	assert_int_equal(test_commit(store, run_amount, &all), 0);
	assert_int_equal(put(1, 100, "example.com", "3"), -EDQUOT);
}

/* The first of this letter. */
struct spoiling {
	char letter;
	struct ledger_key key;
};

static int spoil_one(void *arg, struct view key, struct view value)
{
	struct spoiling *s = arg;
	(void)value;
	if (key.data[0] != s->letter)
		return 0;
	memcpy(s->key.data, key.data, s->key.len = key.len);
	return 1;
}

static int run_spoil(struct txn *t, void *arg)
{
	struct spoiling *s = arg;
	int found = txn_range(t, &(struct txn_range){.shard = LEDGER_SHARD}, spoil_one, s);
	return found != 1 ? -ENOENT : txn_put(t, LEDGER_SHARD, ledger_key_view(&s->key), VIEW("\xff"));
}

static void one_that_is_damaged_holds_up_no_other(void **state)
{
	struct spoiling mail = {.letter = 'I'}, report = {.letter = 'R'};
	struct expiry x = {.before = 50};
	struct first f;
	(void)state;
	assert_int_equal(put_mail(1000, "aaaaaaaaaaaa", "one.example"), 0);
	assert_int_equal(put_mail(2000, "bbbbbbbbbbbb", "two.example"), 0);
	assert_int_equal(test_commit(store, run_spoil, &mail), 0);
	assert_int_equal(test_read(store, LEDGER_SHARD, run_first, &f), 0);
	assert_int_equal(f.mail.length, 0);
	assert_int_equal(test_commit(store, run_drop, &f.mail), 0);
	assert_int_equal(test_read(store, LEDGER_SHARD, run_first, &f), 0);
	assert_string_equal(f.from, "two.example");
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(put(1, 100, "example.com", i == 0 ? "1" : i == 1 ? "2" : "3"), 0);
	assert_int_equal(test_commit(store, run_spoil, &report), 0);
	assert_int_equal(list().count, 2);
	/* It goes at once, the others when their time comes. */
	assert_int_equal(test_commit(store, run_expire, &x), 0);
	assert_int_equal(list().count, 2);
	assert_int_equal(test_commit(store, run_spoil, &report), 0);
	assert_int_equal(list().count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(mails_wait_in_their_order, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(a_report_is_kept_once, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(every_blob_is_named, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(forged_ones_keep_no_others_out, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(one_that_is_damaged_holds_up_no_other, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(many_are_listed_in_parts_and_expire, store_begin, store_end),
	};
	return cmocka_run_group_tests_name("ledger/received", tests, NULL, NULL);
}
