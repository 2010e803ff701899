/* Records and keys, written and read back; what a record does when it grows too long; damage. */
#include <errno.h>

#include "support.h"

#include "base/mem.h"
#include "dsn/dsn_explain.h"

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 22);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static struct queue_record example(struct record_recipient *recipients, size_t count)
{
	return (struct queue_record){.blob = {{1, 2, 3}},
	    .body_len = 4096,
	    .trailer_len = 77,
	    .terms.sender = VIEW("s@example.com"),
	    .terms.envid = VIEW("QQ314159"),
	    .client = VIEW("client.example [192.0.2.7]"),
	    .message_id = VIEW("1@example.com"),
	    .summary = VIEW("summary"),
	    .message_id_hash = 77,
	    .references = {11, 22, 33},
	    .reference_count = 3,
	    .text_growth = 70000,
	    .submitter = 9,
	    .arrived = 1700000000,
	    .expires = 1700432000,
	    .terms.hold_until = 1,
	    .warn_at = 1700014400,
	    .terms.by_time = 3,
	    .terms.by_mode = SMTP_BY_RETURN,
	    .terms.by_trace = true,
	    .terms.ret = RET_HDRS,
	    .terms.body = 1,
	    .terms.priority = 9,
	    .terms.has_priority = true,
	    .terms.utf8 = true,
	    .terms.requiretls = true,
	    .shared = true,
	    .by_done = true,
	    .held = true,
	    .held_since = 4,
	    .held_until = 44,
	    .held_by = VIEW("root"),
	    .held_why = VIEW("looks odd"),
	    .notify_after = 5,
	    .notify_attempts = 6,
	    .recipients = recipients,
	    .count = count};
}

static struct record_recipient full_recipient(void)
{
	return (struct record_recipient){.state = RECORD_FAILED,
	    .action = ACTION_FAILED,
	    .notify = NOTIFY_SUCCESS | NOTIFY_FAILURE,
	    .local = true,
	    .warned = true,
	    .address = VIEW("r@example.org"),
	    .orcpt = VIEW("rfc822;r@example.org"),
	    .forwarder = VIEW("f@example.net"),
	    .destination = VIEW("example.org"),
	    .route = VIEW("smtp:relay.example.org"),
	    .account = 12,
	    .mailbox = VIEW("Work"),
	    .prefix = VIEW("Return-Path: <>\r\n"),
	    .attempts = 3,
	    .last_attempt = 1700000100,
	    .not_before = 1700000400,
	    .cause = TROUBLE_REFUSED,
	    .over = TROUBLE_EXPIRED,
	    .status = VIEW("5.1.1"),
	    .reply = VIEW("550 5.1.1 no"),
	    .stage = VIEW("RCPT"),
	    .host = VIEW("mx.example.org"),
	    .host_address = VIEW("192.0.2.1:25"),
	    .tls = VIEW("TLSv1.3"),
	    .verified = VIEW("dane-ee")};
}

static void test_everything_comes_back(void **state)
{
	struct record_recipient recipients[2] = {
	    full_recipient(), test_recipient("b@b.example", "b.example")};
	struct queue_record r = example(recipients, 2), got;
	struct buf out, again;
	(void)state;
	buf_init(&out, 1 << 20);
	buf_init(&again, 1 << 20);
	assert_int_equal(queue_record_encode(&r, &out), 0);
	assert_memory_equal(buf_view(&out).data + RECORD_BLOB_AT, r.blob.bytes, BLOB_ID_SIZE);
	assert_int_equal(queue_record_decode(buf_view(&out), &got, &arena), 0);
	assert_int_equal(got.count, 2);
	assert_view(got.terms.sender, "s@example.com");
	assert_view(got.held_why, "looks odd");
	assert_true(got.message_id_hash == 77 && got.reference_count == 3 && got.references[2] == 33);
	assert_int_equal(got.terms.by_mode, SMTP_BY_RETURN);
	assert_int_equal(got.terms.priority, 9);
	assert_true(got.terms.utf8 == 1 && got.terms.by_trace == 1 && got.terms.requiretls == 1 &&
	            got.terms.has_priority == 1 && got.shared && got.by_done && got.held);
	assert_int_equal(got.notify_attempts, 6);
	assert_int_equal(got.text_growth, 70000);
	assert_view(got.recipients[0].verified, "dane-ee");
	assert_view(got.recipients[0].route, "smtp:relay.example.org");
	assert_true(got.recipients[0].local && got.recipients[0].warned && !got.recipients[1].local);
	assert_int_equal(got.recipients[0].not_before, 1700000400);
	assert_int_equal(got.recipients[0].cause, TROUBLE_REFUSED);
	assert_int_equal(got.recipients[0].over, TROUBLE_EXPIRED);
	assert_int_equal(got.recipients[1].cause, TROUBLE_NONE);
	/* What the fields above don't name, the bytes do. */
	assert_int_equal(queue_record_encode(&got, &again), 0);
	assert_int_equal(buf_view(&again).len, buf_view(&out).len);
	assert_memory_equal(buf_view(&again).data, buf_view(&out).data, buf_view(&out).len);
	/* Cut anywhere, it is refused; with more behind it, read. */
	for (size_t n = 0; n < buf_view(&out).len; n++) {
		char *cut = mem_alloc(n);
		memcpy(cut, buf_view(&out).data, n);
		assert_int_equal(queue_record_decode(view_of(cut, n), &got, &arena), -EBADMSG);
		arena_reset(&arena);
		mem_free(cut);
	}
	buf_append_string(&out, "later fields");
	assert_int_equal(queue_record_decode(buf_view(&out), &got, &arena), 0);
	/* A cause that there is not, and another version. */
	recipients[0].cause = TROUBLE_KINDS;
	buf_clear(&again);
	assert_int_equal(queue_record_encode(&r, &again), 0);
	assert_int_equal(queue_record_decode(buf_view(&again), &got, &arena), -EBADMSG);
	recipients[0].cause = TROUBLE_NONE;
	recipients[0].over = UINT8_MAX;
	buf_clear(&again);
	assert_int_equal(queue_record_encode(&r, &again), 0);
	assert_int_equal(queue_record_decode(buf_view(&again), &got, &arena), -EBADMSG);
	out.data[out.start]--;
	assert_int_equal(queue_record_decode(buf_view(&out), &got, &arena), -EBADMSG);
	buf_done(&out);
	buf_done(&again);
}

static void test_words_give_way_when_it_grows_too_long(void **state)
{
	static struct record_recipient recipients[QUEUE_RECIPIENTS_MAX];
	static char words[QUEUE_REPLY_MAX], name[200];
	struct queue_record r = example(recipients, QUEUE_RECIPIENTS_MAX), got;
	struct buf out;
	(void)state;
	memset(words, 'w', sizeof words);
	memset(name, 'n', sizeof name);
	for (size_t i = 0; i < QUEUE_RECIPIENTS_MAX; i++) {
		recipients[i] = full_recipient();
		recipients[i].address = view_of(name, sizeof name);
		recipients[i].reply = view_of(words, sizeof words);
		recipients[i].host = view_of(name, sizeof name);
	}
	buf_init(&out, 4 * QUEUE_RECORD_MAX);
	assert_int_equal(queue_record_encode(&r, &out), 0);
	assert_true(buf_view(&out).len <= QUEUE_RECORD_MAX);
	assert_int_equal(queue_record_decode(buf_view(&out), &got, &arena), 0);
	assert_int_equal(got.count, QUEUE_RECIPIENTS_MAX);
	assert_int_equal(got.recipients[299].address.len, sizeof name);
	assert_view(got.recipients[299].status, "5.1.1");
	assert_true(got.recipients[299].reply.len > 0 && got.recipients[299].reply.len < sizeof words);
	/* Addresses never give way. */
	static char huge[QUEUE_TEXT_MAX];
	memset(huge, 'h', sizeof huge);
	for (size_t i = 0; i < QUEUE_RECIPIENTS_MAX; i++)
		recipients[i].address = view_of(huge, sizeof huge);
	buf_clear(&out);
	assert_int_equal(queue_record_encode(&r, &out), -EMSGSIZE);
	assert_int_equal(buf_view(&out).len, 0);
	buf_done(&out);
}

static void test_whom_an_outcome_concerns(void **state)
{
	struct queue_record r = {.terms.sender = VIEW("s@example.com")}, null = {0};
	struct record_recipient p = {0};
	(void)state;
	assert_true(queue_record_tells(&r, &p, ACTION_FAILED) && queue_record_tells(&r, &p, ACTION_DELAYED));
	assert_false(
	    queue_record_tells(&r, &p, ACTION_DELIVERED) || queue_record_tells(&r, &p, ACTION_RELAYED));
	assert_false(queue_record_tells(&null, &p, ACTION_FAILED));
	p.notify = NOTIFY_NEVER;
	assert_false(queue_record_tells(&r, &p, ACTION_FAILED));
	p.notify = NOTIFY_SUCCESS;
	assert_true(
	    queue_record_tells(&r, &p, ACTION_RELAYED) && queue_record_tells(&r, &p, ACTION_EXPANDED));
	assert_false(queue_record_tells(&r, &p, ACTION_FAILED) || queue_record_tells(&r, &p, ACTION_DELAYED));
	p.notify = NOTIFY_DELAY;
	assert_true(queue_record_tells(&r, &p, ACTION_DELAYED));
	assert_false(queue_record_tells(&r, &p, ACTION_FAILED));
}

static void test_keys_sort_as_they_must(void **state)
{
	struct queue_id a = test_id(1), b = test_id(2), id;
	struct queue_key high = queue_key_wait(VIEW("example.org"), queue_rank(9), 900, &b);
	struct queue_key early = queue_key_wait(VIEW("example.org"), queue_rank(0), 100, &b);
	struct queue_key late = queue_key_wait(VIEW("example.org"), queue_rank(0), 200, &a);
	struct queue_key end = queue_key_behind_waits(VIEW("example.org"));
	struct queue_key longer = queue_key_wait(VIEW("example.organic"), queue_rank(9), 1, &a);
	struct view name;
	uint8_t rank;
	int64_t time;
	unsigned part;
	(void)state;
	assert_true(view_compare(queue_key_view(&high), queue_key_view(&early)) < 0);
	assert_true(view_compare(queue_key_view(&early), queue_key_view(&late)) < 0);
	assert_true(view_compare(queue_key_view(&late), queue_key_view(&end)) < 0);
	assert_true(view_compare(queue_key_view(&end), queue_key_view(&longer)) < 0);
	assert_true(queue_key_read_wait(queue_key_view(&early), &name, &rank, &time, &id));
	assert_view(name, "example.org");
	assert_int_equal(rank, 9);
	assert_int_equal(time, 100);
	assert_memory_equal(id.text, b.text, QUEUE_ID_SIZE);
	struct queue_key record = queue_key_record(&a, 3);
	assert_true(queue_key_read_record(queue_key_view(&record), &id, &part));
	assert_int_equal(part, 3);
	assert_false(queue_key_read_record(queue_key_view(&early), &id, &part));
	/* The longest names make keys that the store takes. */
	char longest[QUEUE_DESTINATION_MAX + 50];
	memset(longest, 'x', sizeof longest);
	struct queue_key most = queue_key_wait(view_of(longest, sizeof longest), 18, INT64_MAX, &a);
	assert_true(most.len <= STORE_KEY_MAX);
}

static void test_destinations_come_back(void **state)
{
	struct queue_destination d = {.shards = UINT64_MAX,
	                             .next = 5,
	                             .until = 6,
	                             .failures = 7,
	                             .failing_since = 8,
	                             .cause = TROUBLE_REFUSED,
	                             .stage = VIEW("connect"),
	                             .status = VIEW("4.4.1"),
	                             .text = VIEW("connection refused"),
	                             .host = VIEW("mx.example"),
	                             .route = VIEW("smtp:x")},
	                         got;
	struct entry value;
	(void)state;
	queue_destination_encode(&d, &value);
	assert_int_equal(queue_destination_decode(entry_view(&value), &got), 0);
	assert_true(got.shards == UINT64_MAX && got.next == 5 && got.until == 6 && got.failures == 7 &&
	            got.failing_since == 8);
	assert_view(got.text, "connection refused");
	assert_view(got.route, "smtp:x");
	assert_view(got.stage, "connect");
	assert_int_equal(got.cause, TROUBLE_REFUSED);
	for (size_t n = 0; n < value.len; n++)
		assert_int_equal(queue_destination_decode(view_of(value.data, n), &got), -EBADMSG);
	d.cause = TROUBLE_KINDS;
	queue_destination_encode(&d, &value);
	assert_int_equal(queue_destination_decode(entry_view(&value), &got), -EBADMSG);
	/* At its longest it is an entry still. */
	static char longest[QUEUE_REPLY_MAX];
	memset(longest, 'x', sizeof longest);
	struct view x = view_of(longest, sizeof longest);
	d = (struct queue_destination){.status = x, .text = x, .host = x, .stage = x, .route = x};
	queue_destination_encode(&d, &value);
	assert_int_equal(queue_destination_decode(entry_view(&value), &got), 0);
	assert_true(value.len + 1 + QUEUE_DESTINATION_MAX <= STORE_ENTRY_MAX);
}

static size_t blobs;

static void found(void *arg, const struct blob_id *id)
{
	(void)arg;
	(void)id;
	blobs++;
}

static void test_the_first_part_names_the_body(void **state)
{
	struct record_recipient p = full_recipient();
	struct queue_record r = example(&p, 1);
	struct queue_id id = test_id(1);
	struct queue_key first = queue_key_record(&id, 0), second = queue_key_record(&id, 1);
	struct buf out;
	(void)state;
	blobs = 0;
	buf_init(&out, 1 << 20);
	assert_int_equal(queue_record_encode(&r, &out), 0);
	struct view part = view_take(buf_view(&out), RECORD_BLOB_AT + BLOB_ID_SIZE);
	queue_names_blobs(queue_shard(3), queue_key_view(&first), part, found, NULL);
	assert_int_equal(blobs, 1);
	queue_names_blobs(queue_shard(3), queue_key_view(&second), part, found, NULL);
	queue_names_blobs(store_shard(STORE_ACCOUNT, 3), queue_key_view(&first), part, found, NULL);
	assert_int_equal(blobs, 1);
	buf_done(&out);
}

static void test_ids(void **state)
{
	struct queue_id id;
	(void)state;
	assert_true(queue_id_from(VIEW("0123456789aZ"), &id));
	assert_false(queue_id_from(VIEW("0123456789a"), &id));
	assert_false(queue_id_from(VIEW("0123456789a-"), &id));
	assert_false(queue_id_from(VIEW("0123456789abc"), &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_everything_comes_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_words_give_way_when_it_grows_too_long, set_up, tear_down),
	    cmocka_unit_test(test_whom_an_outcome_concerns),
	    cmocka_unit_test(test_keys_sort_as_they_must),
	    cmocka_unit_test(test_destinations_come_back),
	    cmocka_unit_test(test_the_first_part_names_the_body),
	    cmocka_unit_test(test_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
