/* Every message of the table: what is within its limits comes out as it went in, anything else does not come out at all. */
#include "../unit.h"

#include <errno.h>

#include "daemon/messages.h"

enum { MESSAGE_SIZE_MAX = 1024, LONG = CHANNEL_FRAME_MAX + 1024 };

static char *filler; /* bytes to point to */

static int start(void **state)
{
	(void)state;
	filler = malloc(LONG);
	for (size_t i = 0; i < LONG; i++)
		filler[i] = (char)(i * 31);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	free(filler);
	return 0;
}

static bool same(const struct codec_schema *schema, const char *a, const char *b)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct codec_field *f = &schema->fields[i];
		const void *x = a + f->offset, *y = b + f->offset;
		if (f->kind == CODEC_U64 && *(const uint64_t *)x != *(const uint64_t *)y)
			return false;
		if (f->kind == CODEC_BYTES && !view_equal(*(const struct view *)x, *(const struct view *)y))
			return false;
		if (f->kind != CODEC_LIST)
			continue;
		const struct codec_list *p = x, *q = y;
		if (p->count != q->count)
			return false;
		for (size_t k = 0; k < p->count; k++)
			if (!same(f->element, (const char *)p->items + k * f->element->size,
				  (const char *)q->items + k * f->element->size))
				return false;
	}
	return true;
}

static int decode(unsigned type, struct view payload, void *message, struct arena *arena)
{
	struct channel_frame frame = {.type = (uint16_t)type, .payload = payload, .fd = -1};
	return ipc_decode_as(&frame, NULL, MESSAGE_SIZE_MAX, message, arena);
}

/* Encodes and decodes; then cut at every place, or at some thousand places of a long one, and with a byte too many. */
static void round_trip(unsigned type, const char *message)
{
	_Alignas(16) char back[MESSAGE_SIZE_MAX];
	const struct codec_schema *schema = ipc_schema(type);
	struct arena arena;
	struct buf out;
	buf_init(&out, CHANNEL_FRAME_MAX + 1);
	arena_init(&arena, 1 << 20);
	int error = ipc_encode(&out, type, message);
	if (error == -ENOBUFS || buf_view(&out).len > CHANNEL_FRAME_MAX) {
		buf_done(&out); /* more than a frame holds: the channel refuses it */
		arena_done(&arena);
		return;
	}
	assert_int_equal(error, 0);
	assert_int_equal(decode(type, buf_view(&out), back, &arena), 0);
	assert_true(same(schema, message, back));
	size_t len = buf_view(&out).len, step = len > 4000 ? len / 997 : 1;
	for (size_t cut = 0; cut < len; cut += step) {
		arena_reset(&arena);
		assert_int_equal(decode(type, view_take(buf_view(&out), cut), back, &arena), -EBADMSG);
	}
	arena_reset(&arena);
	buf_append_byte(&out, 0);
	assert_int_equal(decode(type, buf_view(&out), back, &arena), -EBADMSG);
	for (size_t i = 0; i < schema->size; i++)
		assert_int_equal(back[i], 0); /* nothing of it is left to be used */
	arena_done(&arena);
	buf_done(&out);
}

/* A length or count past the limit, written by hand: the fields before are empty. */
static void refuses_past_limit(unsigned type, size_t which)
{
	_Alignas(16) char back[MESSAGE_SIZE_MAX];
	const struct codec_schema *schema = ipc_schema(type);
	struct arena arena;
	struct buf out;
	size_t past = schema->fields[which].max + 1;
	if (past > CHANNEL_FRAME_MAX)
		return;
	buf_init(&out, 4 * LONG);
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < schema->count; i++) {
		if (schema->fields[i].kind == CODEC_U64)
			buf_append_u64(&out, 0);
		else
			buf_append_u32(&out, i == which ? (uint32_t)past : 0);
		if (i != which)
			continue;
		/* As many bytes as are due, and far more than any element takes when it is empty. */
		for (size_t k = 0; schema->fields[i].kind == CODEC_LIST && k < past; k++)
			for (size_t n = 0; n < schema->fields[i].element->count; n++)
				if (schema->fields[i].element->fields[n].kind == CODEC_U64)
					buf_append_u64(&out, 0);
				else
					buf_append_u32(&out, 0);
		if (schema->fields[i].kind == CODEC_BYTES)
			buf_append(&out, view_of(filler, past));
	}
	assert_false(buf_failed(&out));
	assert_int_equal(decode(type, buf_view(&out), back, &arena), -EBADMSG);
	arena_done(&arena);
	buf_done(&out);
}

static void fill_element(const struct codec_schema *schema, char *element, bool to_the_limit)
{
	for (size_t i = 0; i < schema->count; i++) {
		void *member = element + schema->fields[i].offset;
		assert_int_not_equal(schema->fields[i].kind, CODEC_LIST); /* a list of lists has no test here yet */
		if (schema->fields[i].kind == CODEC_U64)
			*(uint64_t *)member = to_the_limit ? UINT64_MAX : i;
		else
			*(struct view *)member = view_of(filler, to_the_limit ? schema->fields[i].max : 1);
	}
}

static void try_field(unsigned type, size_t which)
{
	_Alignas(16) char message[MESSAGE_SIZE_MAX] = {0};
	const struct codec_field *f = &ipc_schema(type)->fields[which];
	void *member = message + f->offset;
	struct buf out;
	buf_init(&out, 4 * LONG);
	if (f->kind == CODEC_U64) {
		*(uint64_t *)member = UINT64_MAX;
		round_trip(type, message);
	} else if (f->kind == CODEC_BYTES) {
		*(struct view *)member = view_of(filler, f->max);
		round_trip(type, message);
		*(struct view *)member = view_of(filler, f->max + 1);
		assert_int_equal(ipc_encode(&out, type, message), -EMSGSIZE);
		assert_int_equal(buf_view(&out).len, 0);
	} else {
		struct codec_list *list = member;
		char *items = calloc(f->max + 1, f->element->size);
		*list = (struct codec_list){.items = items, .count = f->max};
		for (size_t i = 0; i < f->max; i++)
			fill_element(f->element, items + i * f->element->size, false);
		round_trip(type, message);
		list->count = 1;
		fill_element(f->element, items, true);
		round_trip(type, message);
		list->count = f->max + 1;
		assert_int_equal(ipc_encode(&out, type, message), -EMSGSIZE);
		assert_int_equal(buf_view(&out).len, 0);
		free(items);
	}
	if (f->kind != CODEC_U64)
		refuses_past_limit(type, which);
	buf_done(&out);
}

static void every_message_at_its_limits(void **state)
{
	(void)state;
	unsigned types = 0;
	for (unsigned type = 0; type < MESSAGE_TYPES; type++) {
		_Alignas(16) char empty[MESSAGE_SIZE_MAX] = {0};
		const struct codec_schema *schema = ipc_schema(type);
		assert_int_equal(schema != NULL, ipc_name(type) != NULL);
		if (schema == NULL)
			continue;
		assert_true(schema->size <= sizeof empty);
		types++;
		round_trip(type, empty);
		for (size_t i = 0; i < schema->count; i++)
			try_field(type, i);
	}
	assert_true(types >= 50);
}

/* What a field may hold must fit into a frame, if it is alone: else its limit promises too much. */
static void a_field_fits_into_a_frame(void **state)
{
	(void)state;
	for (unsigned type = 0; type < MESSAGE_TYPES; type++)
		for (size_t i = 0; ipc_schema(type) && i < ipc_schema(type)->count; i++)
			if (ipc_schema(type)->fields[i].kind == CODEC_BYTES)
				assert_true(ipc_schema(type)->fields[i].max + 1024 <= CHANNEL_FRAME_MAX);
}

static void unknown_types_are_refused(void **state)
{
	(void)state;
	static const unsigned unknown[] = {0, 10, 19, MESSAGE_TYPES, MESSAGE_TYPES + 1, 65535};
	char message[MESSAGE_SIZE_MAX];
	struct arena arena;
	struct buf out;
	buf_init(&out, 1024);
	arena_init(&arena, 1024);
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
		assert_null(ipc_name(unknown[i]));
		assert_false(ipc_allowed(unknown[i], ~0u, ~0u));
		assert_int_equal(decode(unknown[i], VIEW(""), message, &arena), -EBADMSG);
		assert_int_equal(ipc_encode(&out, unknown[i], message), -EINVAL);
	}
	arena_done(&arena);
	buf_done(&out);
}

/* A struct takes its own type alone, a union what is not larger than it. */
static void the_struct_is_that_of_the_type(void **state)
{
	(void)state;
	struct message_result result = {.error = 5};
	struct message_verdict verdict;
	struct message_granted granted;
	union { struct message_result result; struct message_granted granted; } either;
	struct arena arena;
	struct buf out;
	buf_init(&out, 1024);
	arena_init(&arena, 1024);
	assert_int_equal(ipc_encode(&out, MESSAGE_ROOM_ANSWER, &result), 0);
	struct channel_frame frame = {.type = MESSAGE_ROOM_ANSWER, .payload = buf_view(&out), .fd = -1};
	assert_int_equal(ipc_decode(&frame, &result, &arena), 0);
	assert_int_equal(ipc_decode(&frame, &granted, &arena), -EBADMSG); /* the same fields, but not the same thing */
	assert_int_equal(ipc_decode(&frame, &verdict, &arena), -EBADMSG);
	assert_int_equal(ipc_decode(&frame, &either, &arena), 0);
	assert_int_equal(either.result.error, 5);
	frame.type = MESSAGE_EXPUNGED;
	assert_int_equal(ipc_decode(&frame, &result, &arena), 0);
	frame.type = MESSAGE_DELIVER;
	frame.payload = (struct view){0};
	assert_int_equal(ipc_decode(&frame, &either, &arena), -EBADMSG);
	assert_int_equal(ipc_decode_as(&frame, NULL, sizeof(struct message_deliver) - 1, &either, &arena), -EBADMSG);
	arena_done(&arena);
	buf_done(&out);
}

/* Some rows of the table that must never be otherwise. */
static void rights_are_as_they_must_be(void **state)
{
	(void)state;
	for (unsigned type = 0; type < MESSAGE_TYPES; type++) {
		/* Nobody talks to himself, and nobody gives orders to the log. */
		assert_false(ipc_allowed(type, ROLE_LOG, ~(unsigned)ROLE_MASTER));
		/* Who reads hostile bytes asks for no rights and changes no directory. */
		if (type == MESSAGE_GRANT || type == MESSAGE_DIRECTORY)
			assert_false(ipc_allowed(type, ROLE_SMTP | ROLE_POP3 | ROLE_RELAY | ROLE_DNS | ROLE_KEYS, ~0u));
		if (type >= 20)
			assert_false(ipc_allowed(type, ROLE_MASTER, ~0u) || ipc_allowed(type, ~0u, ROLE_MASTER));
		/* pop3 reads mail on an account's channel, and delivers none. */
		if (ipc_allowed(type, ROLE_POP3, ROLE_STORE))
			assert_true(type >= MESSAGE_MAILDROP_OPEN && type <= MESSAGE_EXPUNGED);
		/* keys and dns answer, and ask nobody. */
		assert_false(ipc_allowed(type, ROLE_KEYS | ROLE_DNS, ROLE_STORE | ROLE_AUTH));
	}
	assert_false(ipc_allowed(MESSAGE_MAILDROP_OPEN, ROLE_SMTP, ROLE_STORE));
	assert_true(ipc_allowed(MESSAGE_DELIVER, ROLE_SMTP, ROLE_STORE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_message_at_its_limits),
	    cmocka_unit_test(a_field_fits_into_a_frame),
	    cmocka_unit_test(unknown_types_are_refused),
	    cmocka_unit_test(the_struct_is_that_of_the_type),
	    cmocka_unit_test(rights_are_as_they_must_be),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
