/*
 * The table of emails beside a model: random changes come as store tells them, in answers that are whole or
 * break off, and what the table says afterwards is what the model says.
 */
#include "../unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "jmap/jmap_order.h"
#include "jmap/jmap_table.h"

enum { EMAILS = 300, MAILBOXES = 6, TRASH = 3, ROUNDS = 400 };

struct model_email {
	uint32_t mailboxes; /* bits */
	uint64_t flags, thread, modseq;
	int64_t received;
	bool existed;
	uint32_t keyword; /* one without a bit; 0: none */
};

struct model {
	struct model_email emails[EMAILS];
	uint64_t modseq;
	struct jmap_table table;
	uint32_t serial;
};

static unsigned seed;

static unsigned draw(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void begin(struct model *m)
{
	*m = (struct model){.modseq = 1};
	map_init(&m->table.counts);
	for (unsigned i = 0; i < EMAILS; i++) {
		m->emails[i].thread = 1 + draw(EMAILS / 3);
		m->emails[i].received = 1000 + draw(40);
	}
}

static void end(struct model *m)
{
	jmap_table_clear(&m->table);
	map_done(&m->table.counts);
}

static void change(struct model *m)
{
	unsigned count = 1 + draw(draw(20) == 0 ? 200 : 5);
	m->modseq++;
	while (count-- > 0) {
		struct model_email *e = &m->emails[draw(EMAILS)];
		static const uint64_t flags[] = {
		    FLAG_SEEN, FLAG_DRAFT, FLAG_FLAGGED, FLAG_KEYWORD << 3, FLAG_HAS_ATTACHMENT};
		if (e->mailboxes == 0 && e->existed && draw(10))
			continue; /* one that has gone hardly ever comes back: when a mailbox is shared again
			           */
		switch (draw(4)) {
		case 0:
			e->mailboxes ^= 1u << draw(MAILBOXES);
			break;
		case 1:
			e->mailboxes = 1u << draw(MAILBOXES);
			break;
		case 2:
			e->mailboxes = draw(2) ? e->mailboxes : 0;
			break;
		default:
			e->flags ^= flags[draw(5)];
			e->keyword = draw(4) ? e->keyword : 100 + draw(3);
			break;
		}
		e->existed |= e->mailboxes != 0;
		e->modseq = m->modseq;
	}
}

static void put_row(struct buf *rows, const struct model *m, unsigned i, unsigned mailbox)
{
	const struct model_email *e = &m->emails[i];
	char more[2] = {(char)(e->keyword >> 8), (char)e->keyword};
	struct email_row row = {.id = i + 1,
	    .thread = e->thread,
	    .mailbox = mailbox + 1,
	    .flags = e->flags | (e->keyword ? FLAG_MORE : 0),
	    .more_keywords = view_of(more, e->keyword ? 2 : 0),
	    .size = 100 + i,
	    .received = e->received,
	    .order = {.known = true, .dated = true, .sent = e->received - 5}};
	assert_true(email_row_put(rows, &row));
}

/* What changed behind the table's state; all of it when that is 0. Rows come mailbox by mailbox. */
static void answer(struct model *m, bool breaks_off)
{
	struct jmap_table *t = &m->table;
	bool all = t->modseq == 0 || draw(40) == 0;
	struct buf ids, rows;
	uint32_t serial = ++m->serial;
	buf_init(&ids, 1 << 20);
	buf_init(&rows, 1 << 20);
	for (unsigned i = 0; i < EMAILS && !all; i++)
		if (m->emails[i].modseq > t->modseq && m->emails[i].existed)
			buf_append_u64(&ids, i + 1);
	jmap_table_forget(t, serial, buf_view(&ids));
	for (unsigned mailbox = 0; mailbox < MAILBOXES && !(breaks_off && mailbox == 3); mailbox++) {
		buf_clear(&rows);
		for (unsigned i = 0; i < EMAILS; i++)
			if ((all || m->emails[i].modseq > t->modseq) && m->emails[i].mailboxes >> mailbox & 1)
				put_row(&rows, m, i, mailbox);
		jmap_table_rows(t, serial, buf_view(&rows));
	}
	struct mail_done done = {.modseq = m->modseq, .number = all};
	if (!breaks_off)
		assert_int_equal(jmap_table_end(t, serial, &done), 0);
	buf_done(&ids);
	buf_done(&rows);
}

/* ---- what it must say ---- */

static bool is_unread(const struct model_email *e)
{
	return !(e->flags & (FLAG_SEEN | FLAG_DRAFT));
}

/* RFC 8621 section 2, word by word. */
static struct jmap_counts count(const struct model *m, unsigned mailbox, unsigned trash)
{
	struct jmap_counts counts = {0};
	uint32_t bit = 1u << (mailbox - 1), trash_bit = trash ? 1u << (trash - 1) : 0;
	for (unsigned i = 0; i < EMAILS; i++)
		if (m->emails[i].mailboxes & bit) {
			counts.emails++;
			counts.unread += is_unread(&m->emails[i]);
		}
	for (uint64_t thread = 1; thread <= EMAILS / 3; thread++) {
		bool here = false, unread = false;
		for (unsigned i = 0; i < EMAILS; i++) {
			const struct model_email *e = &m->emails[i];
			if (e->thread != thread || e->mailboxes == 0)
				continue;
			here |= (e->mailboxes & bit) != 0;
			bool counts_here = bit == trash_bit ? (e->mailboxes & trash_bit) != 0
			                                    : (e->mailboxes & ~trash_bit) != 0;
			unread |= is_unread(e) && counts_here;
		}
		counts.threads += here;
		counts.unread_threads += here && unread;
	}
	return counts;
}

static void compare_counts(struct model *m, unsigned trash)
{
	for (unsigned mailbox = 1; mailbox <= MAILBOXES; mailbox++) {
		struct jmap_counts said = jmap_table_counts(&m->table, trash, mailbox),
		                   is = count(m, mailbox, trash);
		assert_int_equal(said.emails, is.emails);
		assert_int_equal(said.unread, is.unread);
		assert_int_equal(said.threads, is.threads);
		assert_int_equal(said.unread_threads, is.unread_threads);
	}
}

static void compare_row(const struct model *m, unsigned i)
{
	const struct jmap_table *t = &m->table;
	const struct model_email *e = &m->emails[i];
	uint32_t index = jmap_table_find(t, i + 1);
	if (e->mailboxes == 0) {
		assert_int_equal(index, JMAP_NO_ROW);
		return;
	}
	assert_true(index < t->count);
	const struct jmap_row *row = &t->rows[index];
	uint32_t at = 0, mailbox, mailboxes = 0;
	while (jmap_row_mailbox(t, row, &at, &mailbox)) {
		assert_false(mailboxes & 1u << (mailbox - 1));
		mailboxes |= 1u << (mailbox - 1);
	}
	assert_int_equal(mailboxes, e->mailboxes);
	assert_int_equal(row->flags & ~FLAG_MORE, e->flags);
	assert_int_equal(row->received, e->received);
	assert_int_equal(row->sent, e->received - 5);
	assert_int_equal(row->size, 100 + i);
	for (uint32_t k = 100; k < 103; k++) {
		struct jmap_keyword keyword = {.known = true, .number = k};
		assert_int_equal(jmap_row_has(t, row, &keyword), e->keyword == k);
	}
	/* Its thread has it once. */
	unsigned found = 0;
	uint32_t group = jmap_table_group(t, e->thread);
	assert_int_equal(group, row->group);
	for (uint32_t n = jmap_table_first(t, group); n != JMAP_NO_ROW; n = jmap_table_next(t, n)) {
		assert_int_equal(t->rows[n].thread, e->thread);
		found += n == index;
	}
	assert_int_equal(found, 1);
}

static void compare(struct model *m)
{
	const struct jmap_table *t = &m->table;
	uint32_t seen = 0, live = 0;
	for (unsigned i = 0; i < EMAILS; i++) {
		compare_row(m, i);
		live += m->emails[i].mailboxes != 0;
	}
	const struct jmap_row *last = NULL;
	for (uint32_t i = 0; i < t->received_count; i++) {
		const struct jmap_row *row = &t->rows[t->received[i]];
		seen += !row->gone;
		assert_true(last == NULL || last->received < row->received ||
		            (last->received == row->received && last->id < row->id));
		last = row;
	}
	assert_int_equal(seen, live);
	assert_int_equal(t->count - t->gone_rows, live);
	for (uint32_t i = 1; i < t->count; i++)
		assert_true(t->rows[i - 1].id < t->rows[i].id);
}

static void it_says_what_the_model_says(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 6; run++) {
		struct model m;
		seed = 4711 + run;
		begin(&m);
		m.table.pins = run & 1 ? 2 : 1; /* with others that name rows nothing is compacted */
		for (unsigned round = 0; round < ROUNDS / 6; round++) {
			change(&m);
			if (draw(5) == 0)
				answer(&m, true);
			answer(&m, false);
			compare(&m);
			compare_counts(&m, round % 50 < 25 ? TRASH : 0);
		}
		end(&m);
	}
}

/* What happened since a state is known by the rows, and by those that have gone. */
static void it_knows_what_changed(void **state)
{
	struct model m;
	(void)state;
	seed = 99;
	begin(&m);
	m.table.pins = 1;
	m.emails[0] = (struct model_email){.mailboxes = 1, .thread = 1, .existed = true};
	m.emails[1] = (struct model_email){.mailboxes = 1, .thread = 2, .existed = true};
	m.emails[2] = (struct model_email){.mailboxes = 1, .thread = 2, .existed = true};
	answer(&m, false);
	assert_int_equal(m.table.base, 1);
	m.modseq = 2;
	m.emails[0].flags = FLAG_SEEN;
	m.emails[0].modseq = m.emails[1].modseq = m.emails[2].modseq = m.emails[3].modseq = 2;
	m.emails[1].mailboxes = 2;
	m.emails[2].mailboxes = 0;
	m.emails[3].mailboxes = 1;
	m.emails[3].existed = true;
	answer(&m, false);
	const struct jmap_table *t = &m.table;
	assert_int_equal(t->rows[0].flagged, 2);
	assert_int_equal(t->rows[0].moved, 1);
	assert_int_equal(t->rows[1].moved, 2);
	assert_int_equal(t->rows[1].flagged, 1);
	assert_int_equal(t->rows[3].created, 2);
	assert_int_equal(t->gone_count, 1);
	assert_int_equal(t->gone[0].id, 3);
	assert_int_equal(t->gone[0].thread, 2);
	end(&m);
}

/* Mail with \Deleted is not to be seen (RFC 8621 section 4.1.1). */
static void deleted_mail_is_not_seen(void **state)
{
	struct model m;
	(void)state;
	begin(&m);
	m.emails[0] =
	    (struct model_email){.mailboxes = 1, .thread = 1, .existed = true, .flags = FLAG_DELETED};
	answer(&m, false);
	assert_int_equal(jmap_table_find(&m.table, 1), JMAP_NO_ROW);
	assert_int_equal(jmap_table_counts(&m.table, 0, 1).emails, 0);
	end(&m);
}

static void results_hold_until_the_table_changes(void **state)
{
	struct model m;
	const uint32_t *rows;
	uint32_t n;
	(void)state;
	begin(&m);
	answer(&m, false);
	for (uint32_t i = 0; i < JMAP_ORDERS_MAX + 2; i++) {
		char key = (char)('a' + i);
		uint32_t *kept = mem_alloc(sizeof *kept);
		*kept = i;
		jmap_order_keep(&m.table, view_of(&key, 1), kept, 1);
		assert_true(jmap_order_find(&m.table, VIEW("a"), &rows, &n));
	}
	/* What was looked at again is there still, and what was not has made room. */
	assert_true(jmap_order_find(&m.table, VIEW("a"), &rows, &n));
	assert_int_equal(rows[0], 0);
	assert_false(jmap_order_find(&m.table, VIEW("b"), &rows, &n));
	m.modseq++;
	m.emails[0] = (struct model_email){.mailboxes = 1, .thread = 1, .existed = true, .modseq = m.modseq};
	answer(&m, false);
	assert_false(jmap_order_find(&m.table, VIEW("a"), &rows, &n));
	end(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_says_what_the_model_says),
	    cmocka_unit_test(it_knows_what_changed),
	    cmocka_unit_test(deleted_mail_is_not_seen),
	    cmocka_unit_test(results_hold_until_the_table_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
