/* Memos: kept, listed in parts, replaced, removed, expired, and bounded. */
#include "../store/in_memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/memo.h"

struct put {
	unsigned kind;
	struct memo memo;
};

static int run_put(struct txn *t, void *arg)
{
	const struct put *p = arg;
	return memo_put(t, p->kind, &p->memo);
}

static int put(unsigned kind, const char *name, int64_t expires, struct view value)
{
	struct put p = {kind, {.name = view_from_string(name), .value = value, .expires = expires}};
	return test_commit(store, run_put, &p);
}

struct list {
	unsigned kind;
	char after[MEMO_NAME_MAX + 1];
	int64_t now;
	struct buf last;
	bool more;
	size_t count, bytes;
	char names[400];
	struct view expected; /* of the only one */
	bool equal;
};

static int visit(void *arg, const struct memo *memo)
{
	struct list *l = arg;
	l->count++;
	l->bytes += memo->value.len;
	l->equal = view_equal(memo->value, l->expected);
	if (strlen(l->names) + memo->name.len + 2 < sizeof l->names)
		snprintf(l->names + strlen(l->names), sizeof l->names - strlen(l->names), "%.*s ",
		    VIEW_FMT(memo->name));
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct list *l = arg;
	return memo_list(t, l->kind, view_from_string(l->after), l->now, visit, l, &l->last, &l->more);
}

static struct list list_from(unsigned kind, const char *after, int64_t now, struct view expected)
{
	struct list l = {.kind = kind, .now = now, .expected = expected};
	snprintf(l.after, sizeof l.after, "%s", after);
	buf_init(&l.last, MEMO_NAME_MAX);
	assert_int_equal(test_read(store, LEDGER_SHARD, run_list, &l), 0);
	if (l.more)
		snprintf(l.after, sizeof l.after, "%.*s", VIEW_FMT(buf_view(&l.last)));
	buf_done(&l.last);
	return l;
}

/* All of them, however many parts they come in. */
static void expect(unsigned kind, int64_t now, const char *names)
{
	char all[800] = "";
	struct list l = {.more = true};
	while (l.more) {
		l = list_from(kind, l.after, now, VIEW(""));
		snprintf(all + strlen(all), sizeof all - strlen(all), "%s", l.names);
	}
	assert_string_equal(all, names);
}

static void memos_are_kept_by_kind_and_name(void **state)
{
	(void)state;
	assert_int_equal(put(MEMO_POLICY, "b.example", 100, VIEW("two")), 0);
	assert_int_equal(put(MEMO_POLICY, "a.example", 100, VIEW("one")), 0);
	assert_int_equal(put(MEMO_POLICY, "a.example.org", 100, VIEW("three")), 0);
	assert_int_equal(put(MEMO_HOST, "01ff", 100, VIEW("four")), 0);
	expect(MEMO_POLICY, 0, "a.example a.example.org b.example ");
	expect(MEMO_HOST, 0, "01ff ");
	/* Behind a name, names that begin with it come too. */
	assert_string_equal(
	    list_from(MEMO_POLICY, "a.example", 0, VIEW("")).names, "a.example.org b.example ");
	assert_true(list_from(MEMO_POLICY, "a.example.org", 0, VIEW("two")).equal);
}

static void one_without_a_value_is_removed(void **state)
{
	(void)state;
	assert_int_equal(put(MEMO_POLICY, "a.example", 100, VIEW("one")), 0);
	assert_int_equal(put(MEMO_POLICY, "a.example", 100, VIEW("")), 0);
	assert_int_equal(put(MEMO_POLICY, "never.example", 100, VIEW("")), 0);
	expect(MEMO_POLICY, 0, "");
}

static void long_values_come_back_whole(void **state)
{
	static char bytes[MEMO_VALUE_MAX + 1];
	static const size_t sizes[] = {MEMO_VALUE_MAX, 1599, 1600, 1601, 1, 3200, 7000};
	(void)state;
	test_bytes(7, 0, bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct view value = view_of(bytes + i, sizes[i]);
		assert_int_equal(put(MEMO_POLICY, "a.example", 100, value), 0);
		assert_int_equal(put(MEMO_POLICY, "b.example", 100, VIEW("behind")), 0);
		struct list l = list_from(MEMO_POLICY, "", 0, VIEW("behind"));
		assert_int_equal(l.count, 2);
		assert_true(l.equal);
		assert_int_equal(put(MEMO_POLICY, "b.example", 100, VIEW("")), 0);
		l = list_from(MEMO_POLICY, "", 0, value);
		assert_int_equal(l.count, 1);
		assert_true(l.equal);
	}
	assert_int_equal(put(MEMO_POLICY, "a.example", 100, view_of(bytes, MEMO_VALUE_MAX + 1)), -EMSGSIZE);
}

static void names_are_printable_and_kinds_known(void **state)
{
	char name[MEMO_NAME_MAX + 2];
	(void)state;
	assert_int_equal(put(0, "a", 100, VIEW("x")), -EINVAL);
	assert_int_equal(put(MEMO_KINDS, "a", 100, VIEW("x")), -EINVAL);
	assert_int_equal(put(MEMO_POLICY, "", 100, VIEW("x")), -EINVAL);
	assert_int_equal(put(MEMO_POLICY, "a b", 100, VIEW("x")), -EINVAL);
	assert_int_equal(put(MEMO_POLICY, "a\x01", 100, VIEW("x")), -EINVAL);
	assert_int_equal(put(MEMO_POLICY, "\xc3\xa4", 100, VIEW("x")), -EINVAL);
	memset(name, 'a', sizeof name);
	name[MEMO_NAME_MAX + 1] = '\0';
	assert_int_equal(put(MEMO_POLICY, name, 100, VIEW("x")), -EINVAL);
	name[MEMO_NAME_MAX] = '\0';
	assert_int_equal(put(MEMO_POLICY, name, 100, VIEW("x")), 0);
	assert_int_equal(list_from(MEMO_POLICY, "", 0, VIEW("x")).count, 1);
	assert_int_equal(list_from(MEMO_POLICY, name, 0, VIEW("x")).count, 0);
}

static void many_come_in_parts(void **state)
{
	static char bytes[20000];
	char name[20];
	size_t count = 0, parts = 0;
	struct list l = {.more = true};
	(void)state;
	test_bytes(3, 0, bytes, sizeof bytes);
	for (unsigned i = 0; i < 450; i++) {
		snprintf(name, sizeof name, "h%03u", i);
		assert_int_equal(put(MEMO_HOST, name, 100, view_of(bytes, i % 50 ? 30 : sizeof bytes)), 0);
	}
	while (l.more) {
		l = list_from(MEMO_HOST, l.after, 0, VIEW(""));
		assert_true(l.count <= MEMO_LIST_MAX && l.bytes < MEMO_LIST_BYTES + sizeof bytes);
		count += l.count;
		parts++;
	}
	assert_int_equal(count, 450);
	assert_true(parts >= 3);
}

struct expiry {
	int64_t now;
	struct buf at, next;
	bool more;
};

static int run_expire(struct txn *t, void *arg)
{
	struct expiry *x = arg;
	buf_clear(&x->next);
	buf_append(&x->next, buf_view(&x->at));
	return memo_expire(t, x->now, &x->next, &x->more);
}

static unsigned expire(int64_t now)
{
	struct expiry x = {.now = now, .more = true};
	unsigned runs = 0;
	buf_init(&x.at, MEMO_EXPIRE_AT);
	buf_init(&x.next, MEMO_EXPIRE_AT);
	for (; x.more; runs++) {
		assert_int_equal(test_commit(store, run_expire, &x), 0);
		buf_clear(&x.at);
		buf_append(&x.at, buf_view(&x.next));
	}
	buf_done(&x.at);
	buf_done(&x.next);
	return runs;
}

static int count_entry(void *arg, struct view key, struct view value)
{
	(void)value;
	*(size_t *)arg += key.data[0] == 'M';
	return 0;
}

static int run_count(struct txn *t, void *arg)
{
	return txn_range(t, &(struct txn_range){.shard = LEDGER_SHARD}, count_entry, arg);
}

static void what_has_expired_is_not_told_and_goes(void **state)
{
	static char bytes[5000];
	char name[20];
	size_t entries = 0;
	(void)state;
	test_bytes(3, 0, bytes, sizeof bytes);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "n%03u", i);
		assert_int_equal(put(i % 2 ? MEMO_HOST : MEMO_POLICY, name, i < 297 ? 100 : 200,
		                     view_of(bytes, sizeof bytes)),
		    0);
	}
	expect(MEMO_HOST, 100, "n297 n299 ");
	expect(MEMO_POLICY, 100, "n298 ");
	assert_true(expire(99) >= 1);
	assert_int_equal(test_read(store, LEDGER_SHARD, run_count, &entries), 0);
	assert_int_equal(entries, 300 * 4);
	assert_true(expire(100) > 5);
	entries = 0;
	assert_int_equal(test_read(store, LEDGER_SHARD, run_count, &entries), 0);
	assert_int_equal(entries, 3 * 4);
	expect(MEMO_HOST, 100, "n297 n299 ");
}

struct damage {
	const char *key;
	size_t len;
};

static int run_damage(struct txn *t, void *arg)
{
	const struct damage *d = arg;
	return txn_put(t, LEDGER_SHARD, view_of(d->key, d->len), VIEW("\xff"));
}

static void one_that_is_damaged_hides_no_other(void **state)
{
	static char bytes[4000];
	static const char first[] = "M\x01"
	                            "b.example",
	                  second[] = "M\x01"
	                             "c.example\x01",
	                  amount[] = "N\x01";
	static const struct damage damages[] = {
	    {first, sizeof first}, {second, sizeof second - 1}, {amount, sizeof amount - 1}};
	size_t entries = 0;
	(void)state;
	test_bytes(5, 0, bytes, sizeof bytes);
	for (char name[] = "a.example"; name[0] <= 'd'; name[0]++)
		assert_int_equal(put(MEMO_POLICY, name, 100, view_of(bytes, sizeof bytes)), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(test_commit(store, run_damage, (void *)(uintptr_t)&damages[i]), 0);
	expect(MEMO_POLICY, 0, "a.example d.example ");
	assert_int_equal(put(MEMO_POLICY, "b.example", 100, VIEW("new")), 0);
	expect(MEMO_POLICY, 0, "a.example b.example d.example ");
	/* And goes like those that have expired. */
	assert_int_equal(test_commit(store, run_damage, (void *)(uintptr_t)&damages[0]), 0);
	expire(100);
	assert_int_equal(test_read(store, LEDGER_SHARD, run_count, &entries), 0);
	assert_int_equal(entries, 0);
}

static int run_fill(struct txn *t, void *arg)
{
	unsigned *from = arg, i = *from;
	char name[20];
	int error = 0;
	for (; i < *from + 500 && error == 0; i++) {
		snprintf(name, sizeof name, "n%05u", i);
		struct memo memo = {.name = view_from_string(name), .value = VIEW("x"), .expires = 100};
		error = memo_put(t, MEMO_HOST, &memo);
	}
	return error;
}

static void a_kind_has_so_many_and_no_more(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MEMO_NAMES_MAX; i += 500)
		assert_int_equal(test_commit(store, run_fill, &i), 0);
	assert_int_equal(put(MEMO_HOST, "one-more", 100, VIEW("x")), -EDQUOT);
	assert_int_equal(put(MEMO_HOST, "n00000", 100, VIEW("another value")), 0);
	assert_int_equal(put(MEMO_POLICY, "one-more", 100, VIEW("x")), 0);
	assert_int_equal(put(MEMO_HOST, "n00000", 0, VIEW("")), 0);
	assert_int_equal(put(MEMO_HOST, "one-more", 100, VIEW("x")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(memos_are_kept_by_kind_and_name, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(one_without_a_value_is_removed, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(long_values_come_back_whole, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(names_are_printable_and_kinds_known, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(many_come_in_parts, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(what_has_expired_is_not_told_and_goes, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(one_that_is_damaged_hides_no_other, store_begin, store_end),
	    cmocka_unit_test_setup_teardown(a_kind_has_so_many_and_no_more, store_begin, store_end),
	};
	return cmocka_run_group_tests_name("ledger/memo", tests, NULL, NULL);
}
