/*
 * The places of connections, against a model: hosts with mail, limits, and failures come and go at random. No
 * limit is ever passed, no line is jumped, no place is lost, and everybody who waits is served: after no more
 * ends of connections than can lie before it.
 */
#include "../unit.h"

#include <stdlib.h>

#include "base/share.h"

enum { HOSTS = 60, ADDRESSES = 25, NETWORKS = 6, OPEN_MAX = 400, STEPS = 40000 };

struct host {
	struct share_claim claim;
	bool granted;
	unsigned long waits_since, wanted, served;
};

struct open {
	struct share *shares[SHARES_MAX];
	size_t count;
};

static struct share all, reports, unproven, unknown, addresses[ADDRESSES], networks[NETWORKS];
static struct host hosts[HOSTS];
static struct open open_ones[OPEN_MAX];
static size_t open_count;
static unsigned long now, longest;
static unsigned seed;

static unsigned below(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return seed / 65536 % n;
}

static void on_granted(void *arg)
{
	struct host *h = arg;
	assert_false(h->granted);
	h->granted = true;
}

static void check(void)
{
	const struct share *single[] = {&all, &reports, &unproven, &unknown};
	for (size_t i = 0; i < 4; i++)
		assert_true(single[i]->count <= single[i]->max);
	/* A line stands only where no place is free. */
	for (size_t i = 0; i < 4; i++)
		assert_true(single[i]->first == NULL || single[i]->count >= single[i]->max);
	for (size_t i = 0; i < ADDRESSES; i++)
		assert_true(addresses[i].count <= addresses[i].max &&
		            (!addresses[i].first || addresses[i].count == addresses[i].max));
	for (size_t i = 0; i < NETWORKS; i++)
		assert_true(networks[i].count <= networks[i].max &&
		            (!networks[i].first || networks[i].count == networks[i].max));
	/* `all` holds what is open, what was granted and not yet opened, and nothing else. */
	size_t expected = open_count;
	for (size_t i = 0; i < HOSTS; i++)
		expected += hosts[i].granted;
	assert_int_equal(all.count, expected);
}

static void open_one(struct host *h)
{
	assert_true(open_count < OPEN_MAX);
	struct open *o = &open_ones[open_count++];
	o->count = h->claim.share_count;
	memcpy(o->shares, h->claim.shares, sizeof o->shares);
	h->served++;
	if (h->waits_since && now - h->waits_since > longest)
		longest = now - h->waits_since;
	h->waits_since = 0;
}

static void add(struct share_claim *c, struct share *s)
{
	c->shares[c->share_count++] = s;
}

static void want(size_t i)
{
	struct host *h = &hosts[i];
	if (h->claim.line || h->granted)
		return;
	h->claim.share_count = 0;
	add(&h->claim, &addresses[i % ADDRESSES]);
	add(&h->claim, &networks[i % ADDRESSES % NETWORKS]);
	if (i % 3 == 0)
		add(&h->claim, &unknown);
	if (i % 2 == 0)
		add(&h->claim, &unproven);
	if (i % 3 == 0)
		add(&h->claim, &reports);
	add(&h->claim, &all);
	h->wanted++;
	if (share_take(&h->claim))
		open_one(h);
	else
		h->waits_since = now;
}

static void close_one(void)
{
	if (open_count == 0)
		return;
	size_t i = below((unsigned)open_count);
	struct open o = open_ones[i];
	open_ones[i] = open_ones[--open_count];
	now++; /* time is counted in ends of connections */
	share_give_back(o.shares, o.count);
}

/* What a host does at the end of a turn: opens, or has no need any more. */
static void turn(void)
{
	for (size_t i = 0; i < HOSTS; i++)
		if (hosts[i].granted) {
			hosts[i].granted = false;
			if (below(10) == 0)
				share_give_back(hosts[i].claim.shares, hosts[i].claim.share_count);
			else
				open_one(&hosts[i]);
		}
}

static void begin(unsigned number)
{
	memset(hosts, 0, sizeof hosts);
	open_count = 0;
	now = 1;
	longest = 0;
	seed = number;
	all = (struct share){.max = 1 + below(30)};
	reports = unproven = (struct share){.max = all.max > 1 ? all.max / 2 : 1};
	unknown = (struct share){.max = all.max > 3 ? all.max / 4 : 1};
	for (size_t i = 0; i < ADDRESSES; i++)
		addresses[i] = (struct share){.max = 1 + below(4)};
	for (size_t i = 0; i < NETWORKS; i++)
		networks[i] = (struct share){.max = 1 + below(6)};
	for (size_t i = 0; i < HOSTS; i++)
		hosts[i].claim = (struct share_claim){.granted = on_granted, .arg = &hosts[i]};
}

static void nobody_starves(void **state)
{
	(void)state;
	for (unsigned round = 1; round <= 30; round++) {
		begin(round);
		for (unsigned step = 0; step < STEPS; step++) {
			unsigned what = below(100);
			size_t i = below(HOSTS);
			if (what < 55)
				want(i);
			else if (what < 95)
				close_one();
			else if (what < 98 && !hosts[i].granted) {
				share_leave(&hosts[i].claim); /* its mail is gone */
				hosts[i].waits_since = 0;
			} else
				share_limit(&all, 1 + below(30) > all.count ? all.count + 1 : all.max);
			if (below(3) == 0)
				turn();
			if (step % 16 == 0)
				check();
		}
		/* All limits are tight, half of the hosts share the narrowest: and each is served again and
		 * again. */
		for (size_t i = 0; i < HOSTS; i++)
			assert_true(hosts[i].served > 10);
		/* Who waits has at most all others before it, in each of the lines. */
		assert_true(longest < (unsigned long)HOSTS * SHARES_MAX * 10);
		/* Everything ends: no place is lost. */
		while (all.count > 0) {
			close_one();
			turn();
		}
		check();
		assert_int_equal(all.count + reports.count + unproven.count + unknown.count, 0);
		for (size_t i = 0; i < HOSTS; i++)
			assert_null(hosts[i].claim.line);
	}
}

/* 40 hosts and 10 places: all get theirs, in the order in which they came. */
static void the_line_is_kept(void **state)
{
	(void)state;
	begin(1);
	all.max = 10;
	for (size_t i = 0; i < 40; i++) {
		hosts[i].claim.shares[0] = &all;
		hosts[i].claim.share_count = 1;
		assert_int_equal(share_take(&hosts[i].claim), i < 10);
	}
	struct share *one[] = {&all};
	for (size_t i = 10; i < 40; i++) {
		share_give_back(one, 1);
		assert_true(hosts[i].granted);
		assert_true(i == 39 || !hosts[i + 1].granted);
	}
	assert_int_equal(all.count, 10);
	/* Nobody passes by a line, even when a place is free meanwhile. */
	share_limit(&all, 11);
	assert_true(share_take(&hosts[0].claim));
	assert_false(share_take(&hosts[1].claim));
	assert_false(share_take(&hosts[2].claim));
	assert_true(share_is_wanted(one, 1, &hosts[1].claim));
	share_leave(&hosts[2].claim);
	assert_false(share_is_wanted(one, 1, &hosts[1].claim));
	share_leave(&hosts[1].claim);
	assert_int_equal(all.count, 11);
}

/* What waits for a place in all holds its address, and gives it back when it leaves. */
static void what_is_held_comes_back(void **state)
{
	(void)state;
	begin(1);
	all.max = 1;
	addresses[0].max = 1;
	for (size_t i = 0; i < 3; i++) {
		hosts[i].claim.shares[0] = i == 0 ? &addresses[1] : &addresses[0];
		hosts[i].claim.shares[1] = &all;
		hosts[i].claim.share_count = 2;
	}
	assert_true(share_take(&hosts[0].claim));
	assert_false(share_take(&hosts[1].claim));
	assert_int_equal(addresses[0].count, 1);
	assert_false(share_take(&hosts[2].claim));
	assert_ptr_equal(hosts[2].claim.line, &addresses[0]);
	share_leave(&hosts[1].claim);
	assert_ptr_equal(hosts[2].claim.line, &all);
	share_give_back(hosts[0].claim.shares, 2);
	assert_true(hosts[2].granted);
}

static void note_move(void *arg)
{
	++*(int *)arg;
}

/* Whoever gets its place in one line and waits in the next one then is told: there, too, others can make
 * room. */
static void who_moves_to_the_next_line_is_told(void **state)
{
	struct share narrow = {.max = 1}, wide = {.max = 1};
	struct share *const first[] = {&narrow}, *const second[] = {&wide};
	struct share_claim holder = {.granted = note_move, .shares = {&narrow}, .share_count = 1};
	struct share_claim other = {.granted = note_move, .shares = {&wide}, .share_count = 1};
	int moves = 0, granted = 0;
	struct share_claim c = {.shares = {&narrow, &wide}, .share_count = 2};
	(void)state;
	c.moved = note_move;
	c.arg = &moves;
	assert_true(share_take(&holder));
	assert_true(share_take(&other));
	assert_false(share_take(&c));
	assert_ptr_equal(c.line, &narrow);
	share_give_back(first, 1);
	assert_ptr_equal(c.line, &wide);
	assert_int_equal(moves, 1);
	c.granted = note_move;
	c.arg = &granted;
	share_give_back(second, 1);
	assert_null(c.line);
	assert_int_equal(granted, 1);
	assert_int_equal(moves, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_line_is_kept),
	    cmocka_unit_test(who_moves_to_the_next_line_is_told),
	    cmocka_unit_test(what_is_held_comes_back),
	    cmocka_unit_test(nobody_starves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
