/* The TRANSACTION state's view of the maildrop: STAT, LIST, UIDL, DELE, RSET (RFC 1939 sections 5 and 7). */
#include "pop3/pop3_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { UIDL_MAX = 70, FIRST_ROOM = 64 };

static bool grow(struct pop3_session *s)
{
	size_t room = s->room ? s->room * 2 : FIRST_ROOM;
	struct pop3_message *messages = mem_try_resize(s->messages, room * sizeof *messages);
	if (messages == NULL)
		return false;
	s->messages = messages;
	if (s->uidls) {
		s->uidls = mem_resize(s->uidls, room * sizeof *s->uidls);
		memset(s->uidls + s->room, 0, (room - s->room) * sizeof *s->uidls);
	}
	s->room = room;
	return true;
}

bool pop3_entry(struct pop3_session *s, const struct pop3_entry *entry)
{
	struct view copy, uidl = entry->uidl;
	if (s->count == POP3_MESSAGES_MAX || (s->count == s->room && !grow(s)))
		return false;
	if (uidl.len > 0) {
		if (!arena_copy(&s->uidl_arena, view_take(uidl, UIDL_MAX), &copy))
			return false;
		if (s->uidls == NULL)
			s->uidls = mem_array(s->room, sizeof *s->uidls);
		s->uidls[s->count] = copy;
	}
	struct pop3_message *m = &s->messages[s->count++];
	*m = (struct pop3_message){.size = entry->size, .id = entry->id};
	m->size = pop3_size(m) | (entry->binary ? POP3_BINARY : 0);
	s->total_bytes += pop3_size(m);
	return true;
}

void pop3_opened(struct pop3_session *s, enum pop3_open_result result)
{
	if (s->wait != POP3_WAIT_OPEN)
		return;
	s->wait = POP3_NO_WAIT;
	if (result == POP3_OPENED) {
		s->state = POP3_TRANSACTION;
		s->futile = 0;
		pop3_ok(s, "%zu messages (%" PRIu64 " octets)", s->count, s->total_bytes);
		return;
	}
	s->count = 0;
	s->total_bytes = 0;
	mem_free(s->uidls);
	s->uidls = NULL;
	arena_done(&s->uidl_arena);
	if (result == POP3_IN_USE)
		pop3_err(s, "IN-USE", "another session has this mailbox open", false);
	else
		pop3_err(s, "SYS/TEMP", "the mailbox cannot be opened now, try again later", false);
}

bool pop3_number(struct pop3_session *s, struct view text, uint32_t *index)
{
	uint64_t n;
	if (!view_to_u64(text, UINT32_MAX, &n) || n == 0 || n > s->count) {
		pop3_err(s, NULL, "no such message", true);
		return false;
	}
	if (s->messages[n - 1].size & POP3_DELETED) {
		pop3_err(s, NULL, "this message is marked as deleted", true);
		return false;
	}
	*index = (uint32_t)(n - 1);
	return true;
}

void pop3_stat(struct pop3_session *s, struct view argument)
{
	(void)argument;
	pop3_ok(s, "%zu %" PRIu64, s->count - s->deleted, s->total_bytes - s->deleted_bytes);
}

void pop3_account(struct pop3_session *s, uint64_t number)
{
	snprintf(s->uidl_prefix, sizeof s->uidl_prefix, "%" PRIx64 ".", number);
}

static void uidl_text(const struct pop3_session *s, uint32_t index, char out[UIDL_MAX + 1])
{
	if (s->uidls && s->uidls[index].len)
		snprintf(out, UIDL_MAX + 1, "%.*s", VIEW_FMT(s->uidls[index]));
	else
		snprintf(out, UIDL_MAX + 1, "%s%" PRIx64, s->uidl_prefix, s->messages[index].id);
}

static void one_or_all(struct pop3_session *s, struct view argument, enum pop3_long_reply reply)
{
	uint32_t index;
	char uidl[UIDL_MAX + 1];
	argument = view_trim(argument);
	if (argument.len == 0) {
		if (reply == POP3_LIST_REPLY)
			pop3_ok(s, "%zu messages (%" PRIu64 " octets)", s->count - s->deleted,
			    s->total_bytes - s->deleted_bytes);
		else
			pop3_ok(s, "unique ids follow");
		s->reply = reply;
		s->next = 0;
		pop3_continue(s);
		return;
	}
	if (!pop3_number(s, argument, &index))
		return;
	if (reply == POP3_LIST_REPLY) {
		pop3_ok(s, "%u %" PRIu64, index + 1, pop3_size(&s->messages[index]));
		return;
	}
	uidl_text(s, index, uidl);
	pop3_ok(s, "%u %s", index + 1, uidl);
}

void pop3_list(struct pop3_session *s, struct view argument)
{
	one_or_all(s, argument, POP3_LIST_REPLY);
}

void pop3_uidl(struct pop3_session *s, struct view argument)
{
	one_or_all(s, argument, POP3_UIDL_REPLY);
}

/* Decimal digits, backwards from `end`; returns where they begin. A list of 100,000 lines is too long for
 * printf. */
static char *digits(char *end, uint64_t n)
{
	do
		*--end = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	return end;
}

static char *hex_digits(char *end, uint64_t n)
{
	do
		*--end = "0123456789abcdef"[n & 15];
	while ((n >>= 4) > 0);
	return end;
}

static void list_line(struct pop3_session *s, uint32_t index)
{
	char line[128], *end = line + sizeof line, *at = end;
	*--at = '\n';
	*--at = '\r';
	if (s->reply == POP3_LIST_REPLY) {
		at = digits(at, pop3_size(&s->messages[index]));
	} else if (s->uidls && s->uidls[index].len) {
		at -= s->uidls[index].len;
		memcpy(at, s->uidls[index].data, s->uidls[index].len);
	} else {
		size_t len = strlen(s->uidl_prefix);
		at = hex_digits(at, s->messages[index].id) - len;
		memcpy(at, s->uidl_prefix, len);
	}
	*--at = ' ';
	at = digits(at, (uint64_t)index + 1);
	buf_append(s->out, view_of(at, (size_t)(end - at)));
}

void pop3_continue(struct pop3_session *s)
{
	if (s->reply == POP3_NO_REPLY)
		return;
	while (s->next < s->count && buf_view(s->out).len < POP3_OUTPUT_HIGH) {
		if (!(s->messages[s->next].size & POP3_DELETED))
			list_line(s, s->next);
		s->next++;
	}
	if (s->next < s->count)
		return;
	s->reply = POP3_NO_REPLY;
	buf_append(s->out, VIEW(".\r\n"));
}

void pop3_dele(struct pop3_session *s, struct view argument)
{
	uint32_t index;
	if (!pop3_number(s, view_trim(argument), &index))
		return;
	s->deleted++;
	s->deleted_bytes += pop3_size(&s->messages[index]);
	s->messages[index].size |= POP3_DELETED;
	pop3_ok(s, "message %u marked as deleted", index + 1);
}

void pop3_rset(struct pop3_session *s, struct view argument)
{
	(void)argument;
	for (size_t i = 0; i < s->count; i++)
		s->messages[i].size &= ~POP3_DELETED;
	s->deleted = 0;
	s->deleted_bytes = 0;
	pop3_ok(s, "%zu messages (%" PRIu64 " octets)", s->count, s->total_bytes);
}
