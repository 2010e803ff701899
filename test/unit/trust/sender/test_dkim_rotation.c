/* The life of signing keys, played day by day: which steps come when, and that each cut between two of them
 * is mended. */
#include "../../unit.h"

#include "trust/sender/dkim_rotation.h"

enum { DAY = 86400, MAX = 12, START = 1767225600 /* 2026-01-01 */ };

static struct signing_key keys[MAX];
static char selectors[MAX][SIGNING_SELECTOR_MAX + 1];
static size_t count;
static struct dkim_rotation_terms terms;

static int begin(void **state)
{
	(void)state;
	count = 0;
	terms = (struct dkim_rotation_terms){.now = START, .rotate_after = 180 * DAY};
	for (size_t i = 0; i < MAX; i++)
		terms.usable[i] = true;
	return 0;
}

static struct dkim_rotation next(void)
{
	return dkim_rotation_next(keys, count, SIGNING_RSA, &terms);
}

/* As the keys role carries it out. */
static void carry_out(const struct dkim_rotation *r)
{
	struct signing_key *k = &keys[r->key];
	switch (r->step) {
	case DKIM_ROTATION_MAKE:
		assert_true(count < MAX);
		dkim_rotation_selector(keys, count, SIGNING_RSA, terms.now, selectors[count]);
		keys[count] = (struct signing_key){.selector = view_from_string(selectors[count]),
		    .state = r->state,
		    .algorithm = SIGNING_RSA,
		    .made = terms.now,
		    .active = r->state == SIGNING_ACTIVE ? terms.now : 0};
		count++;
		return;
	case DKIM_ROTATION_ACTIVATE:
		k->state = SIGNING_ACTIVE;
		k->active = r->at;
		break;
	case DKIM_ROTATION_REPLACE:
		k->state = SIGNING_REPLACED;
		k->replaced = terms.now;
		break;
	case DKIM_ROTATION_RETIRE:
		k->state = SIGNING_RETIRED;
		k->retired = terms.now;
		break;
	case DKIM_ROTATION_DROP:
		for (size_t i = r->key; i + 1 < count; i++)
			keys[i] = keys[i + 1];
		count--;
		return;
	default:
		break;
	}
	k->wish = SIGNING_NO_WISH;
}

/* Steps until there is none; how many. */
static unsigned settle(void)
{
	unsigned steps = 0;
	for (struct dkim_rotation r = next(); r.step != DKIM_ROTATION_NOTHING; r = next()) {
		carry_out(&r);
		assert_true(++steps < 20);
	}
	return steps;
}

static void makes_the_first_key_and_signs_with_it(void **state)
{
	(void)state;
	struct dkim_rotation r = next();
	assert_int_equal(r.step, DKIM_ROTATION_MAKE);
	assert_int_equal(r.state, SIGNING_ACTIVE);
	assert_int_equal(settle(), 1);
	assert_view(keys[0].selector, "20260101r");
	/* The other algorithm has a life of its own. */
	r = dkim_rotation_next(keys, count, SIGNING_ED25519, &terms);
	assert_int_equal(r.step, DKIM_ROTATION_MAKE);
}

static void rotates_by_schedule(void **state)
{
	(void)state;
	settle();
	terms.now += 180 * DAY - 1;
	assert_int_equal(settle(), 0);
	terms.now++;
	assert_int_equal(settle(), 1);
	assert_int_equal(count, 2);
	assert_int_equal(keys[1].state, SIGNING_NEW);
	/* Whatever time passes: it signs when its record is shown, and not before. */
	terms.now += 300 * DAY;
	assert_int_equal(settle(), 0);
	keys[1].shown = keys[1].looked = terms.now;
	assert_int_equal(settle(), 2);
	assert_int_equal(keys[0].state, SIGNING_REPLACED);
	assert_int_equal(keys[1].state, SIGNING_ACTIVE);
	terms.now += 7 * DAY - 1;
	assert_int_equal(settle(), 0);
	terms.now++;
	assert_int_equal(settle(), 1);
	assert_int_equal(keys[0].state, SIGNING_RETIRED);
	terms.now += 30 * DAY;
	assert_int_equal(settle(), 1);
	assert_int_equal(count, 1);
	assert_int_equal(keys[0].state, SIGNING_ACTIVE);
}

static void rotates_by_wish(void **state)
{
	(void)state;
	terms.rotate_after = 0;
	settle();
	terms.now += 5000 * (int64_t)DAY;
	assert_int_equal(settle(), 0);
	keys[0].wish = SIGNING_ROTATE;
	assert_int_equal(settle(), 2); /* made, and the wish forgotten */
	assert_int_equal(keys[1].state, SIGNING_NEW);
	assert_int_equal(keys[0].wish, SIGNING_NO_WISH);
	/* Now means now: the key that waits takes its place. */
	keys[0].wish = SIGNING_ROTATE_NOW;
	assert_int_equal(settle(), 2);
	assert_int_equal(count, 2);
	assert_int_equal(keys[0].state, SIGNING_REPLACED);
	assert_int_equal(keys[1].state, SIGNING_ACTIVE);
	/* And without one that waits, one is made first; on the same day, under another name. */
	keys[1].wish = SIGNING_ROTATE_NOW;
	assert_int_equal(settle(), 3);
	assert_int_equal(count, 3);
	assert_int_equal(keys[2].state, SIGNING_ACTIVE);
	assert_int_equal(keys[1].state, SIGNING_REPLACED);
	assert_false(view_equal(keys[1].selector, keys[2].selector));
}

static void mends_what_was_cut(void **state)
{
	(void)state;
	settle();
	/* Two that sign: the older one was to be replaced. */
	terms.now += DAY;
	keys[count++] = (struct signing_key){.selector = VIEW("x"),
	    .state = SIGNING_ACTIVE,
	    .algorithm = SIGNING_RSA,
	    .made = START,
	    .active = terms.now};
	assert_int_equal(settle(), 1);
	assert_int_equal(keys[0].state, SIGNING_REPLACED);
	/* One whose private half is lost is of no use: another takes its place at once. */
	terms.usable[1] = false;
	assert_int_equal(settle(), 2);
	assert_int_equal(keys[1].state, SIGNING_RETIRED);
	assert_int_equal(keys[2].state, SIGNING_ACTIVE);
	/* A clock that was set back makes nothing old, and nothing young. */
	terms.now = START - 1000 * (int64_t)DAY;
	assert_int_equal(settle(), 0);
}

/* The new key takes over, though the old one is told to sign since a time that is still to come: or the wish
 * to be rid of a key that others may know would be met by one key after the other, and by none. */
static void hands_over_when_the_clock_was_set_back(void **state)
{
	(void)state;
	terms.now = START + 1000 * (int64_t)DAY;
	settle();
	terms.now = START;
	keys[0].wish = SIGNING_ROTATE_NOW;
	assert_int_equal(settle(), 3);
	assert_int_equal(count, 2);
	assert_int_equal(keys[0].state, SIGNING_REPLACED);
	assert_int_equal(keys[1].state, SIGNING_ACTIVE);
	/* And the next one from it. */
	terms.now += DAY;
	keys[1].wish = SIGNING_ROTATE;
	settle();
	keys[2].shown = terms.now;
	assert_int_equal(settle(), 2);
	assert_int_equal(keys[1].state, SIGNING_REPLACED);
	assert_int_equal(keys[2].state, SIGNING_ACTIVE);
}

/* Who rotates daily has more keys within a month than are kept: those that were retired first go early. */
static void makes_room_for_new_keys(void **state)
{
	(void)state;
	struct signing_key many[SIGNING_KEYS_MAX] = {
	    {.state = SIGNING_ACTIVE, .algorithm = SIGNING_RSA, .made = START, .active = START}};
	struct dkim_rotation_terms daily = {.now = START + DAY, .rotate_after = DAY};
	for (size_t i = 0; i < SIGNING_KEYS_MAX; i++)
		daily.usable[i] = true;
	for (size_t i = 1; i < SIGNING_KEYS_MAX; i++)
		many[i] = (struct signing_key){.state = i < 9 ? SIGNING_REPLACED : SIGNING_RETIRED,
		    .algorithm = i % 2 ? SIGNING_RSA : SIGNING_ED25519,
		    .replaced = START,
		    .retired = i < 9 ? 0 : START - (int64_t)(i == 20 ? 1000 : i)};
	struct dkim_rotation r = dkim_rotation_next(many, SIGNING_KEYS_MAX - 1, SIGNING_RSA, &daily);
	assert_int_equal(r.step, DKIM_ROTATION_MAKE);
	r = dkim_rotation_next(many, SIGNING_KEYS_MAX, SIGNING_RSA, &daily);
	assert_int_equal(r.step, DKIM_ROTATION_DROP);
	assert_int_equal(r.key, 20);
	/* Where all are still needed, it waits. */
	for (size_t i = 9; i < SIGNING_KEYS_MAX; i++)
		many[i].state = SIGNING_REPLACED;
	r = dkim_rotation_next(many, SIGNING_KEYS_MAX, SIGNING_RSA, &daily);
	assert_int_equal(r.step, DKIM_ROTATION_NOTHING);
}

static void uses_the_key_that_waits_when_none_signs(void **state)
{
	(void)state;
	keys[count++] = (struct signing_key){
	    .selector = VIEW("x"), .state = SIGNING_NEW, .algorithm = SIGNING_RSA, .made = START};
	assert_int_equal(settle(), 1);
	assert_int_equal(keys[0].state, SIGNING_ACTIVE);
}

static void asks_name_servers_ever_less_often(void **state)
{
	(void)state;
	struct signing_key k = {.state = SIGNING_NEW, .made = START};
	assert_int_equal(dkim_rotation_look_at(&k, START), 0);
	k.looked = START + 5;
	assert_int_equal(dkim_rotation_look_at(&k, START + 5), START + 65);
	k.looked = START + 3000;
	assert_int_equal(dkim_rotation_look_at(&k, START + 3000), START + 3300);
	k.looked = START + 30 * DAY;
	assert_int_equal(dkim_rotation_look_at(&k, k.looked), k.looked + 3600);
	k.shown = k.looked;
	assert_int_equal(dkim_rotation_look_at(&k, k.looked), k.looked + DAY);
	k.state = SIGNING_ACTIVE;
	assert_int_equal(dkim_rotation_look_at(&k, k.looked), k.looked + DAY);
	assert_int_equal(dkim_rotation_look_at(&k, k.looked - 1), 0); /* the clock was set back */
	k.state = SIGNING_REPLACED;
	assert_true(dkim_rotation_look_at(&k, k.looked) == INT64_MAX);
}

static void names_keys_by_the_day(void **state)
{
	(void)state;
	char name[SIGNING_SELECTOR_MAX + 1];
	struct signing_key taken[] = {{.selector = VIEW("20261129e")}, {.selector = VIEW("20261129E2")},
	    {.selector = VIEW("20261129r")}};
	dkim_rotation_selector(NULL, 0, SIGNING_ED25519, 1795910400, name);
	assert_string_equal(name, "20261129e");
	dkim_rotation_selector(taken, 3, SIGNING_ED25519, 1795910400, name);
	assert_string_equal(name, "20261129e3");
	dkim_rotation_selector(taken, 3, SIGNING_RSA, 1795910400, name);
	assert_string_equal(name, "20261129r2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(makes_the_first_key_and_signs_with_it, begin),
	    cmocka_unit_test_setup(rotates_by_schedule, begin),
	    cmocka_unit_test_setup(rotates_by_wish, begin),
	    cmocka_unit_test_setup(mends_what_was_cut, begin),
	    cmocka_unit_test_setup(hands_over_when_the_clock_was_set_back, begin),
	    cmocka_unit_test(makes_room_for_new_keys),
	    cmocka_unit_test_setup(uses_the_key_that_waits_when_none_signs, begin),
	    cmocka_unit_test(asks_name_servers_ever_less_often),
	    cmocka_unit_test(names_keys_by_the_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
