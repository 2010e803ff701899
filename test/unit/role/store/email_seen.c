#include "email_seen.h"

#include <stdio.h>
#include <string.h>

struct email_state email_state;
uint64_t email_states[MAIL_STATES];
struct email_entry email_entries[EMAILS_SEEN_MAX];
char email_bodies[EMAILS_SEEN_MAX][64];
size_t email_count;
uint64_t email_changed[EMAIL_CHANGED_KINDS][EMAILS_SEEN_MAX];
size_t email_changed_count[EMAIL_CHANGED_KINDS];
uint64_t email_threads[EMAILS_SEEN_MAX];
size_t email_thread_count;
struct email_row email_rows[EMAILS_SEEN_MAX];
size_t email_row_count;
uint64_t email_forgotten[EMAILS_SEEN_MAX];
size_t email_forgotten_count;
__typeof__(email_failed) email_failed;
size_t email_failed_count;

static uint64_t want;

static void take_ids(struct view text, uint64_t *ids, size_t *count)
{
	struct cursor in = cursor_on(text);
	while (!cursor_at_end(&in)) {
		assert_true(*count < EMAILS_SEEN_MAX);
		ids[(*count)++] = cursor_u64(&in);
	}
	assert_true(cursor_ok(&in));
}

static void take_entries(struct view entries)
{
	struct cursor in = cursor_on(entries);
	struct email_entry e;
	while (email_entry_get(&in, want, &e)) {
		assert_true(email_count < EMAILS_SEEN_MAX);
		snprintf(email_bodies[email_count], sizeof email_bodies[0], "%.*s", (int)e.message.body.len,
		    e.message.body.len ? e.message.body.data : "");
		email_entries[email_count++] = e;
	}
	assert_true(cursor_ok(&in));
}

static void take_rows(struct view rows)
{
	struct cursor in = cursor_on(rows);
	while (email_row_count < EMAILS_SEEN_MAX && email_row_get(&in, &email_rows[email_row_count]))
		email_row_count++;
	assert_true(cursor_ok(&in) && cursor_at_end(&in));
}

static void take_failed(struct view entries)
{
	struct cursor in = cursor_on(entries);
	while (!cursor_at_end(&in)) {
		assert_true(email_failed_count < EMAILS_SEEN_MAX);
		email_failed[email_failed_count].id = cursor_u64(&in);
		email_failed[email_failed_count++].error = (int)cursor_u32(&in);
	}
	assert_true(cursor_ok(&in));
}

static void note(struct seen *s, unsigned type, const void *answer)
{
	(void)s;
	if (type == EMAIL_STATE) {
		email_state = *(const struct email_state *)answer;
		struct cursor in = cursor_on(email_state.modseqs);
		for (size_t i = 0; i < MAIL_STATES; i++)
			email_states[i] = cursor_u64(&in);
		assert_true(cursor_ok(&in) && cursor_at_end(&in));
	} else if (type == EMAIL_ENTRIES) {
		take_entries(((const struct email_entries *)answer)->entries);
	} else if (type == EMAIL_CHANGED) {
		const struct email_changed *m = answer;
		take_ids(m->ids, email_changed[m->kind], &email_changed_count[m->kind]);
	} else if (type == EMAIL_THREAD) {
		take_ids(((const struct email_thread *)answer)->emails, email_threads, &email_thread_count);
	} else if (type == EMAIL_FORGET) {
		take_ids(((const struct email_forget *)answer)->ids, email_forgotten, &email_forgotten_count);
	} else if (type == EMAIL_ROWS) {
		take_rows(((const struct email_rows *)answer)->rows);
	} else if (type == EMAIL_SET_FAILED) {
		take_failed(((const struct email_set_failed *)answer)->entries);
	}
}

int64_t email_ask(struct seen *s, unsigned type, const void *question)
{
	email_count = email_thread_count = email_row_count = email_forgotten_count = email_failed_count = 0;
	memset(email_changed_count, 0, sizeof email_changed_count);
	memset(email_states, 0, sizeof email_states);
	if (type == EMAIL_GET)
		want = ((const struct email_get *)question)->want;
	s->also = note;
	int64_t error = ask(s, type, question);
	s->also = NULL;
	return error;
}

struct view email_ids(size_t count, const uint64_t *ids)
{
	static char bytes[2][8 * EMAILS_SEEN_MAX];
	static unsigned turn;
	char *at = bytes[turn++ % 2];
	for (size_t i = 0; i < count; i++)
		for (unsigned k = 0; k < 8; k++)
			at[8 * i + k] = (char)(ids[i] >> (56 - 8 * k));
	return view_of(at, 8 * count);
}

struct view email_boxes(size_t count, const uint32_t *numbers)
{
	static char bytes[2][4 * 100];
	static unsigned turn;
	char *at = bytes[turn++ % 2];
	for (size_t i = 0; i < count; i++)
		for (unsigned k = 0; k < 4; k++)
			at[4 * i + k] = (char)(numbers[i] >> (24 - 8 * k));
	return view_of(at, 4 * count);
}

const char *ids_shown(const uint64_t *ids, size_t count)
{
	static char texts[4][2000];
	static unsigned turn;
	char *text = texts[turn++ % 4];
	size_t len = 0;
	text[0] = '\0';
	for (size_t i = 0; i < count && len < 1900; i++)
		len += (size_t)snprintf(
		    text + len, 2000 - len, "%s%llu", i ? "," : "", (unsigned long long)ids[i]);
	return text;
}
