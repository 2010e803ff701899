/* Every message of the table: what is within its limits comes out as it went in, anything else does not come
 * out at all. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>

#include "process/messages.h"

enum { MESSAGE_SIZE_MAX = 1024, LONG = CHANNEL_FRAME_MAX + 1024 };

static char *filler, *plain, *lines; /* bytes to point to: any, printable ones, lines of a header */

static int start(void **state)
{
	(void)state;
	filler = malloc(LONG);
	plain = malloc(LONG);
	lines = malloc(LONG);
	for (size_t i = 0; i < LONG; i++) {
		filler[i] = (char)(i * 31);
		plain[i] = (char)('!' + i % 90);
		lines[i] = "A: b\r\n"[i % 6];
	}
	return 0;
}

static int stop(void **state)
{
	(void)state;
	free(filler);
	free(plain);
	free(lines);
	return 0;
}

static bool is_number(const struct codec_field *f)
{
	return f->kind == CODEC_U64 || f->kind == CODEC_SIGNED;
}

/* A value of this kind, as long as may be, up to `len`. */
static struct view value_of(const struct codec_field *f, size_t len)
{
	return f->kind == CODEC_BYTES    ? view_of(filler, len)
	       : f->kind == CODEC_HEADER ? view_of(lines, len - len % 6)
	                                 : view_of(plain, len);
}

/* All fields as small as they may be. */
static void fill_smallest(const struct codec_schema *schema, char *message)
{
	memset(message, 0, schema->size);
	for (size_t i = 0; i < schema->count; i++)
		if (is_number(&schema->fields[i]))
			*(uint64_t *)(message + schema->fields[i].offset) = schema->fields[i].min;
}

static bool same(const struct codec_schema *schema, const char *a, const char *b)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct codec_field *f = &schema->fields[i];
		const void *x = a + f->offset, *y = b + f->offset;
		if (is_number(f) && *(const uint64_t *)x != *(const uint64_t *)y)
			return false;
		if (codec_is_view(f->kind) && !view_equal(*(const struct view *)x, *(const struct view *)y))
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

/* Encodes and decodes; then cut at every place, or at some thousand places of a long one, and with a byte too
 * many. */
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

/* A field's smallest value, as it stands on the wire. */
static void append_smallest(struct buf *out, const struct codec_field *f)
{
	if (is_number(f))
		buf_append_u64(out, f->min);
	else
		buf_append_u32(out, 0);
}

/* A field of a message, or of the elements of its list. */
struct place {
	unsigned type;
	size_t which;
	const struct codec_schema *element; /* NULL: the message's own */
	size_t inner;
};

static const struct codec_schema *schema_at(const struct place *p)
{
	return p->element ? p->element : ipc_schema(p->type);
}

static const struct codec_field *field_at(const struct place *p)
{
	return &schema_at(p)->fields[p->element ? p->inner : p->which];
}

static void append_all_but(
    struct buf *out, const struct codec_schema *schema, size_t which, struct view on_the_wire)
{
	for (size_t i = 0; i < schema->count; i++) {
		if (i == which)
			buf_append(out, on_the_wire);
		else
			append_smallest(out, &schema->fields[i]);
	}
}

/* The message with this as the one field, written by hand; the others are as small as they may be. */
static int decode_with(const struct place *p, struct view on_the_wire)
{
	_Alignas(16) char back[MESSAGE_SIZE_MAX];
	struct arena arena;
	struct buf out, list;
	buf_init(&out, 4 * LONG);
	buf_init(&list, 4 * LONG);
	arena_init(&arena, 1 << 20);
	if (p->element) {
		buf_append_u32(&list, 1);
		append_all_but(&list, p->element, p->inner, on_the_wire);
		on_the_wire = buf_view(&list);
	}
	append_all_but(&out, ipc_schema(p->type), p->which, on_the_wire);
	assert_false(buf_failed(&out) || buf_failed(&list));
	int error = decode(p->type, buf_view(&out), back, &arena);
	arena_done(&arena);
	buf_done(&out);
	buf_done(&list);
	return error;
}

static int decode_number(const struct place *p, uint64_t n)
{
	struct buf wire;
	buf_init(&wire, 8);
	buf_append_u64(&wire, n);
	int error = decode_with(p, buf_view(&wire));
	buf_done(&wire);
	return error;
}

static int decode_view(const struct place *p, struct view v)
{
	struct buf wire;
	buf_init(&wire, 2 * LONG);
	buf_append_u32(&wire, (uint32_t)v.len);
	buf_append(&wire, v);
	int error = decode_with(p, buf_view(&wire));
	buf_done(&wire);
	return error;
}

/* The last number that is taken, and the next one. Those that may be anything are a hash, or judged by their
 * receiver, and named here. */
static void refuses_numbers_outside(const struct place *p)
{
	static const char *const any[] = {"message_directory.number", "message_directory_answer.number",
	    "message_deliver.message_id_hash", "message_deliver.list", "message_mailing_list.list",
	    "message_reference.hash", "message_fetch.offset", "message_fetch.length",
	    "mail_store.unchanged_since", "mail_annotate.unchanged_since", "mail_append.message_id_hash",
	    "message_tally_list.policy", "message_tally_list.row", "message_tally_rows.policy",
	    "message_tally_rows.row", "email_set.if_modseq", "email_import.message_id_hash",
	    "message_sign_in.number", "message_administer.number", "message_administered.number"};
	const struct codec_field *f = field_at(p);
	char name[100];
	bool named = false;
	snprintf(name, sizeof name, "%s.%s", schema_at(p)->name, f->name);
	for (size_t i = 0; i < sizeof any / sizeof any[0]; i++)
		named = named || strcmp(any[i], name) == 0;
	assert_int_equal(f->kind == CODEC_U64 && f->max == UINT64_MAX, named);
	assert_int_equal(decode_number(p, f->max), 0);
	if (!named)
		assert_int_equal(decode_number(p, f->max + 1), -EBADMSG);
	if (f->kind == CODEC_SIGNED) {
		assert_int_equal(decode_number(p, (uint64_t) - (int64_t)f->max), 0);
		assert_int_equal(decode_number(p, (uint64_t)(-(int64_t)f->max - 1)), -EBADMSG);
		assert_int_equal(decode_number(p, (uint64_t)INT64_MIN), -EBADMSG);
		return;
	}
	assert_int_equal(decode_number(p, f->min), 0);
	if (f->min > 0)
		assert_int_equal(decode_number(p, f->min - 1), -EBADMSG);
}

/* What each kind of text must not hold; that it may hold something else of the sort tells that the kind is
 * meant. */
static void refuses_text_of_another_kind(const struct place *p)
{
	static const struct {
		struct view text;
		bool text_takes, line, word, address, header;
	} cases[] = {{{"a", 1}, true, true, true, true, false}, {{"a b", 3}, true, true, false, true, false},
	    {{"a\nb", 3}, true, false, false, false, false}, {{"a\tb", 3}, true, false, false, false, false},
	    {{"a\r\n", 3}, false, false, false, false, true},
	    {{"a\rb", 3}, false, false, false, false, false},
	    {{"a\0b", 3}, false, false, false, false, false},
	    {{"\x1b[2", 3}, false, false, false, false, false},
	    {{"a\x7f", 2}, false, false, false, false, false},
	    {{"j\xc3\xb6", 3}, true, true, false, true, false},
	    {{"a\xc2\x9b", 3}, true, true, false, false, false},
	    {{"\xe2\x80\xa8", 3}, true, true, false, false, false},
	    {{"a\xff", 2}, true, true, false, false, false}, {{"\r\n", 2}, false, false, false, false, false},
	    {{"A\r\nb", 4}, false, false, false, false, false},
	    {{"A\r\n\r\n", 5}, false, false, false, false, false},
	    {{"A\rB\r\n", 5}, false, false, false, false, false},
	    {{"A\0\r\n", 4}, false, false, false, false, false},
	    {{"A\n", 2}, true, false, false, false, false}};
	const struct codec_field *f = field_at(p);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool good = f->kind == CODEC_BYTES     ? true
		            : f->kind == CODEC_TEXT    ? cases[i].text_takes
		            : f->kind == CODEC_LINE    ? cases[i].line
		            : f->kind == CODEC_WORD    ? cases[i].word
		            : f->kind == CODEC_ADDRESS ? cases[i].address
		                                       : cases[i].header;
		assert_int_equal(decode_view(p, cases[i].text), good ? 0 : -EBADMSG);
	}
}

/* A length or count past the limit: as many bytes as are due, and far more than any element takes when it is
 * empty. */
static void refuses_past_limit(const struct place *p)
{
	const struct codec_field *f = field_at(p);
	struct buf wire;
	size_t past = f->max + 1;
	if (past > CHANNEL_FRAME_MAX)
		return;
	if (codec_is_view(f->kind)) {
		/* Of a header the last line may stand beyond. */
		assert_int_equal(
		    decode_view(p, value_of(f, f->kind == CODEC_HEADER ? past + 6 : past)), -EBADMSG);
		return;
	}
	buf_init(&wire, 4 * LONG);
	buf_append_u32(&wire, (uint32_t)past);
	for (size_t k = 0; k < past; k++)
		for (size_t n = 0; n < f->element->count; n++)
			append_smallest(&wire, &f->element->fields[n]);
	assert_int_equal(decode_with(p, buf_view(&wire)), -EBADMSG);
	buf_done(&wire);
}

static void refuses_what_is_outside(const struct place *p)
{
	if (is_number(field_at(p)))
		refuses_numbers_outside(p);
	else
		refuses_past_limit(p);
	if (codec_is_view(field_at(p)->kind))
		refuses_text_of_another_kind(p);
}

static void fill_element(const struct codec_schema *schema, char *element, bool to_the_limit)
{
	for (size_t i = 0; i < schema->count; i++) {
		void *member = element + schema->fields[i].offset;
		assert_int_not_equal(
		    schema->fields[i].kind, CODEC_LIST); /* a list of lists has no test here yet */
		const struct codec_field *f = &schema->fields[i];
		if (is_number(f))
			*(uint64_t *)member = to_the_limit || i > f->max || i < f->min ? f->max : i;
		else
			*(struct view *)member = value_of(f, to_the_limit ? f->max : 6);
	}
}

static void try_field(unsigned type, size_t which)
{
	_Alignas(16) char message[MESSAGE_SIZE_MAX];
	const struct codec_field *f = &ipc_schema(type)->fields[which];
	void *member = message + f->offset;
	struct buf out;
	buf_init(&out, 4 * LONG);
	fill_smallest(ipc_schema(type), message);
	if (is_number(f)) {
		*(uint64_t *)member = f->max;
		round_trip(type, message);
		if (f->max < UINT64_MAX) {
			*(uint64_t *)member = f->max + 1;
			assert_int_equal(ipc_encode(&out, type, message), -EMSGSIZE);
			assert_int_equal(buf_view(&out).len, 0);
		}
	} else if (codec_is_view(f->kind)) {
		*(struct view *)member = value_of(f, f->max);
		round_trip(type, message);
		*(struct view *)member = value_of(f, f->max + 6);
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
	refuses_what_is_outside(&(struct place){.type = type, .which = which});
	for (size_t i = 0; f->kind == CODEC_LIST && i < f->element->count; i++)
		refuses_what_is_outside(
		    &(struct place){.type = type, .which = which, .element = f->element, .inner = i});
	buf_done(&out);
}

static void every_message_at_its_limits(void **state)
{
	(void)state;
	unsigned types = 0;
	for (unsigned type = 0; type < MESSAGE_TYPES; type++) {
		_Alignas(16) char empty[MESSAGE_SIZE_MAX];
		const struct codec_schema *schema = ipc_schema(type);
		assert_int_equal(schema != NULL, ipc_name(type) != NULL);
		if (schema == NULL)
			continue;
		assert_true(schema->size <= sizeof empty);
		types++;
		fill_smallest(schema, empty);
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
			if (codec_is_view(ipc_schema(type)->fields[i].kind))
				assert_true(ipc_schema(type)->fields[i].max + 1024 <= CHANNEL_FRAME_MAX);
}

static void unknown_types_are_refused(void **state)
{
	(void)state;
	static const unsigned unknown[] = {
	    0, 90, 99, MESSAGES_LOGIN + 9, MESSAGE_TYPES, MESSAGE_TYPES + 1, 65535};
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
	union {
		struct message_result result;
		struct message_granted granted;
	} either;
	struct arena arena;
	struct buf out;
	buf_init(&out, 1024);
	arena_init(&arena, 1024);
	assert_int_equal(ipc_encode(&out, MESSAGE_ROOM_ANSWER, &result), 0);
	struct channel_frame frame = {.type = MESSAGE_ROOM_ANSWER, .payload = buf_view(&out), .fd = -1};
	assert_int_equal(ipc_decode(&frame, &result, &arena), 0);
	assert_int_equal(
	    ipc_decode(&frame, &granted, &arena), -EBADMSG); /* the same fields, but not the same thing */
	assert_int_equal(ipc_decode(&frame, &verdict, &arena), -EBADMSG);
	assert_int_equal(ipc_decode(&frame, &either, &arena), 0);
	assert_int_equal(either.result.error, 5);
	frame.type = MESSAGE_QUEUE_KEPT;
	assert_int_equal(ipc_decode(&frame, &result, &arena), 0);
	frame.type = MESSAGE_DELIVER;
	frame.payload = (struct view){0};
	assert_int_equal(ipc_decode(&frame, &either, &arena), -EBADMSG);
	assert_int_equal(
	    ipc_decode_as(&frame, NULL, sizeof(struct message_deliver) - 1, &either, &arena), -EBADMSG);
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
			assert_false(ipc_allowed(type, EDGES | ROLE_RELAY | ROLE_DNS | ROLE_KEYS, ~0u));
		/* The master speaks with roles on their control channels, and with administrators. */
		if (type >= MESSAGES_LOGIN) {
			assert_false(ipc_allowed(type, ROLE_MASTER, ~(unsigned)ROLE_ADMIN));
			assert_false(ipc_allowed(type, ~(unsigned)ROLE_ADMIN, ROLE_MASTER));
		}
		/* pop3 reads mail on an account's channel, and delivers none. */
		if (ipc_allowed(type, ROLE_POP3, ROLE_STORE))
			assert_true(type >= MESSAGE_MAILDROP_OPEN && type <= MESSAGE_EXPUNGED);
		/* web reads mail, edits scripts, has its account send and be subscribed to, and on a channel
		 * of administration asks for commands; it delivers nothing else. */
		if (ipc_allowed(type, ROLE_WEB, ROLE_STORE))
			assert_true(type == MESSAGE_COMMAND ||
			            (type >= MAIL_MAILBOXES && type < MAIL_TYPES_END) ||
			            (type >= EMAIL_STATES && type < EMAIL_TYPES_END) ||
			            (type >= HISTORY_LIST && type < MASKED_TYPES_END) ||
			            (type >= SCRIPT_LIST && type < SCRIPT_TYPES_END) ||
			            (type >= VACATION_GET && type <= VACATION_ANSWERED) ||
			            (type >= SUBMISSION_CREATE && type <= SUBMISSION_RECEIPT) ||
			            (type >= IDENTITY_GET && type <= IDENTITY_REMOVE) ||
			            (type >= PUSH_GET && type <= PUSH_REMOVE) ||
			            (type >= SHARING_PRINCIPALS && type <= SHARING_NOTE_REMOVE) ||
			            (type >= FILE_LINK_GET && type <= FILE_LINK_TAKEN));
		/* web has relay go on errands, asks it about recipients, and tells it nothing else. */
		if (ipc_allowed(type, ROLE_WEB, ROLE_RELAY))
			assert_true(type == MESSAGE_ERRAND || type == MESSAGE_RECIPIENT);
		/* managesieve knows scripts, and no mail. */
		if (ipc_allowed(type, ROLE_MANAGESIEVE, ROLE_STORE))
			assert_true(type >= SCRIPT_LIST && type < SCRIPT_TYPES_END);
		/* dns answers, and asks nobody; keys asks store for the keys that sign mail, and for nothing
		 * else. */
		assert_false(ipc_allowed(type, ROLE_DNS, ROLE_STORE | ROLE_AUTH));
		assert_false(ipc_allowed(type, ROLE_KEYS, ROLE_AUTH));
		assert_true(ipc_allowed(type, ROLE_KEYS, ROLE_STORE) == (type == MESSAGE_SIGNING));
	}
	/* Who sends pushes has tokens; web knows the public key alone. */
	assert_false(ipc_allowed(MESSAGE_VAPID, (unsigned)EDGES, ROLE_KEYS));
	assert_true(ipc_allowed(MESSAGE_VAPID, ROLE_RELAY, ROLE_KEYS));
	assert_false(ipc_allowed(MESSAGE_MAILDROP_OPEN, ROLE_SMTP, ROLE_STORE));
	assert_true(ipc_allowed(MESSAGE_DELIVER, ROLE_SMTP, ROLE_STORE));
}

/* Only who was asked answers, and whoever asks can be answered; no two messages have one name. */
static void answers_go_back_the_way_of_their_question(void **state)
{
	(void)state;
	unsigned answers = 0;
	for (unsigned type = 0; type < MESSAGE_TYPES; type++) {
		unsigned question = ipc_answers(type);
		for (unsigned other = 0; ipc_name(type) && other < type; other++)
			assert_true(ipc_name(other) == NULL || strcmp(ipc_name(type), ipc_name(other)) != 0);
		if (question == 0)
			continue;
		answers++;
		assert_non_null(ipc_name(question));
		for (unsigned from = 1; from <= ROLE_RELAY; from <<= 1)
			for (unsigned to = 1; to <= ROLE_RELAY; to <<= 1)
				assert_int_equal(
				    ipc_allowed(question, from, to), ipc_allowed(type, to, from));
	}
	assert_int_equal(ipc_answers(MESSAGE_LOGGED_IN), MESSAGE_LOGIN);
	assert_int_equal(ipc_answers(MESSAGE_REVOKE), 0);
	assert_int_equal(ipc_answers(MESSAGE_TYPES), 0);
	assert_true(answers >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_message_at_its_limits),
	    cmocka_unit_test(a_field_fits_into_a_frame),
	    cmocka_unit_test(unknown_types_are_refused),
	    cmocka_unit_test(the_struct_is_that_of_the_type),
	    cmocka_unit_test(rights_are_as_they_must_be),
	    cmocka_unit_test(answers_go_back_the_way_of_their_question),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
