/* Requests: what is no request, limits, references, errors of calls, the Session resource. */
#include "jmap_fake.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "format/json_read.h"

#define CORE "\"urn:ietf:params:jmap:core\""
#define MAIL "\"urn:ietf:params:jmap:mail\""
#define PROBLEM(type, detail)                                                                                \
	"{\"type\":\"urn:ietf:params:jmap:error:" type "\",\"status\":400,\"detail\":\"" detail "\"}"

static int setup(void **state)
{
	static struct jmap_fake fake;
	fake = (struct jmap_fake){0};
	jmap_fake_begin(&fake);
	*state = &fake;
	return 0;
}

static int teardown(void **state)
{
	jmap_fake_end(*state);
	return 0;
}

static void echoes_what_it_is_given(void **state)
{
	jmap_fake_call(*state, CORE,
	    "[\"Core/"
	    "echo\",{\"a\":[1,-2.5,1e300,true,false,null,\"\\u0000\\n\xc3\xb6\\ud83d\\udd25\"],\"o\":{}},"
	    "\"c1\"]",
	    "[\"Core/"
	    "echo\",{\"a\":[1,-2.5,1e+300,true,false,null,\"\\u0000\\n\xc3\xb6\xf0\x9f\x94\xa5\"],\"o\":{}},"
	    "\"c1\"]");
	jmap_fake_call(*state, CORE, "", "");
	jmap_fake_call(*state, CORE, "[\"Core/echo\",{},\"\"],[\"Core/echo\",{},\"\"]",
	    "[\"Core/echo\",{},\"\"],[\"Core/echo\",{},\"\"]");
}

static void refused(struct jmap_fake *f, const char *body, const char *problem)
{
	jmap_fake_says(f, body, problem);
	assert_int_equal(f->status, 400);
}

static void refuses_what_is_no_request(void **state)
{
	struct jmap_fake *f = *state;
	const char *not_json = PROBLEM("notJSON", "the request is not JSON as RFC 7493 has it");
	refused(f, "", not_json);
	refused(f, "{", not_json);
	refused(f, "{\"using\":[],\"using\":[],\"methodCalls\":[]}", not_json); /* a name twice */
	refused(f, "{\"using\":[\"\\ud800\"],\"methodCalls\":[]}", not_json);
	refused(f, "{\"using\":[\"\xff\"],\"methodCalls\":[]}", not_json);
	refused(f, "{\"using\":[],\"methodCalls\":[]} x", not_json);
	refused(f, "{\"using\":[],\"methodCalls\":[[\"Core/echo\",{\"a\":99999999999999999999},\"c\"]]}",
	    not_json);
	refused(f, "[]", PROBLEM("notRequest", "the request is not an object"));
	refused(f, "{\"foo\":\"bar\"}", PROBLEM("notRequest", "\\\"using\\\" is missing, or is not a list"));
	refused(
	    f, "{\"using\":[]}", PROBLEM("notRequest", "\\\"methodCalls\\\" is missing, or is not a list"));
	refused(f, "{\"using\":[1],\"methodCalls\":[]}",
	    PROBLEM("notRequest", "\\\"using\\\" holds something else than strings"));
	refused(f, "{\"using\":[],\"methodCalls\":[[\"Core/echo\",{}]]}",
	    PROBLEM("notRequest", "a method call is not a list of a name, arguments and an id"));
	refused(f, "{\"using\":[],\"methodCalls\":[],\"createdIds\":{\"a\":1}}",
	    PROBLEM("notRequest", "\\\"createdIds\\\" is not a map of ids"));
	refused(f, "{\"using\":[\"urn:example:none\"],\"methodCalls\":[]}",
	    PROBLEM("unknownCapability", "\\\"using\\\" names a capability that this server does not have"));
	buf_clear(&f->out);
}

static void on_done(void *arg, unsigned status)
{
	*(unsigned *)arg = status;
}

static void refuses_another_content_type(void **state)
{
	struct jmap_fake *f = *state;
	unsigned status = 0;
	assert_null(jmap_request_begin(f->session, VIEW("{\"using\":[],\"methodCalls\":[]}"),
	    VIEW("text/plain"), &f->out, on_done, &status));
	assert_int_equal(status, 400);
	assert_view(buf_view(&f->out), PROBLEM("notJSON", "the Content-Type is not application/json"));
}

static void refuses_what_passes_a_limit(void **state)
{
	struct jmap_fake *f = *state;
	struct buf body;
	buf_init(&body, 100000000);
	(void)buf_append_string(&body, "{\"using\":[],\"methodCalls\":[");
	for (int i = 0; i < 65; i++)
		(void)buf_printf(&body, "%s[\"Core/echo\",{},\"%d\"]", i ? "," : "", i);
	(void)buf_append_string(&body, "]}");
	refused(f, buf_string(&body),
	    "{\"type\":\"urn:ietf:params:jmap:error:limit\",\"limit\":\"maxCallsInRequest\",\"status\":400,"
	    "\"detail\":\"the request holds too many method calls\"}");
	buf_clear(&body);
	for (int i = 0; i < 200; i++)
		(void)buf_append_byte(&body, '[');
	refused(f, buf_string(&body), PROBLEM("notRequest", "lists and objects nest too deeply"));
	buf_clear(&body);
	(void)buf_append_byte(&body, '[');
	for (int i = 0; i < 600000; i++)
		(void)buf_append_string(&body, "[],");
	refused(f, buf_string(&body),
	    "{\"type\":\"urn:ietf:params:jmap:error:limit\",\"limit\":\"maxSizeRequest\",\"status\":400,"
	    "\"detail\":\"the request holds too many values\"}");
	buf_clear(&body);
	for (int i = 0; i < JMAP_SIZE_REQUEST_MAX + 1; i++)
		(void)buf_append_byte(&body, ' ');
	refused(f, buf_string(&body),
	    "{\"type\":\"urn:ietf:params:jmap:error:limit\",\"limit\":\"maxSizeRequest\",\"status\":400,"
	    "\"detail\":\"the request is too large\"}");
	buf_done(&body);
}

static void knows_methods_by_their_capability(void **state)
{
	jmap_fake_call(*state, "", "[\"Core/echo\",{\"a\":1},\"c\"]",
	    "[\"error\",{\"type\":\"unknownMethod\",\"description\":\"\\\"using\\\" does not name the "
	    "capability of this "
	    "method\"},\"c\"]");
	jmap_fake_call(*state, CORE, "[\"Foo/get\",{},\"c\"],[\"Core/echo\",{},\"d\"]",
	    "[\"error\",{\"type\":\"unknownMethod\",\"description\":\"there is no such "
	    "method\"},\"c\"],[\"Core/echo\",{},\"d\"]");
}

static void follows_references(void **state)
{
	/* RFC 8620 section 3.7: paths, "*", lists in lists, escapes. */
	jmap_fake_call(*state, CORE,
	    "[\"Core/"
	    "echo\",{\"list\":[{\"t\":\"x\",\"e\":[1,2]},{\"t\":\"y\",\"e\":[]},{\"t\":\"\\\"z\",\"e\":[3]}],"
	    "\"a/b~\\\"\":{\"0\":7}},\"0\"],"
	    "[\"Core/echo\",{\"#t\":{\"resultOf\":\"0\",\"name\":\"Core/echo\",\"path\":\"/list/*/t\"},"
	    "\"#e\":{\"resultOf\":\"0\",\"name\":\"Core/echo\",\"path\":\"/list/*/e\"},"
	    "\"#s\":{\"resultOf\":\"0\",\"name\":\"Core/echo\",\"path\":\"/list/2/t\"},"
	    "\"#n\":{\"resultOf\":\"0\",\"name\":\"Core/echo\",\"path\":\"/a~1b~0\\\"/0\"}},\"1\"]",
	    "[\"Core/"
	    "echo\",{\"list\":[{\"t\":\"x\",\"e\":[1,2]},{\"t\":\"y\",\"e\":[]},{\"t\":\"\\\"z\",\"e\":[3]}],"
	    "\"a/b~\\\"\":{\"0\":7}},\"0\"],"
	    "[\"Core/echo\",{\"t\":[\"x\",\"y\",\"\\\"z\"],\"e\":[1,2,3],\"s\":\"\\\"z\",\"n\":7},\"1\"]");
	/* The whole answer; ids that are used again: the first one counts. */
	jmap_fake_call(*state, CORE,
	    "[\"Core/echo\",{\"a\":1},\"0\"],[\"Core/echo\",{\"a\":2},\"0\"],"
	    "[\"Core/echo\",{\"#b\":{\"resultOf\":\"0\",\"name\":\"Core/echo\",\"path\":\"\"}},\"1\"]",
	    "[\"Core/echo\",{\"a\":1},\"0\"],[\"Core/echo\",{\"a\":2},\"0\"],[\"Core/"
	    "echo\",{\"b\":{\"a\":1}},\"1\"]");
}

static void bad_reference(struct jmap_fake *f, const char *reference)
{
	char calls[1000];
	snprintf(calls, sizeof calls,
	    "[\"Core/echo\",{\"a\":[1,{\"b\":2}],\"s\":\"t\",\"e\":{}},\"0\"],[\"Core/"
	    "echo\",{\"#x\":%s},\"1\"]",
	    reference);
	jmap_fake_call(f, CORE, calls,
	    "[\"Core/echo\",{\"a\":[1,{\"b\":2}],\"s\":\"t\",\"e\":{}},\"0\"],"
	    "[\"error\",{\"type\":\"invalidResultReference\",\"description\":\"\\\"#x\\\" refers to nothing "
	    "that was "
	    "answered\"},\"1\"]");
}

static void refuses_references_to_nothing(void **state)
{
	struct jmap_fake *f = *state;
	bad_reference(f, "1");
	bad_reference(f, "{\"resultOf\":\"0\",\"name\":\"Core/echo\"}");
	bad_reference(f, "{\"resultOf\":\"2\",\"name\":\"Core/echo\",\"path\":\"/a\"}");
	bad_reference(f, "{\"resultOf\":\"0\",\"name\":\"Foo/get\",\"path\":\"/a\"}");
	static const char *const paths[] = {"a", "/b", "/a/2", "/a/-", "/a/01", "/a/x", "/a/0/0", "/s/0",
	    "/s/*", "/e/*", "/e/a", "/a/*/b", "/a/~2", "/a/~", "//", "/a/1/c", "/a/99999999999999999999"};
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		char reference[200];
		snprintf(reference, sizeof reference,
		    "{\"resultOf\":\"0\",\"name\":\"Core/echo\",\"path\":\"%s\"}", paths[i]);
		bad_reference(f, reference);
	}
	jmap_fake_call(f, CORE, "[\"Core/echo\",{\"#a\":{},\"a\":1},\"0\"]",
	    "[\"error\",{\"type\":\"invalidArguments\",\"description\":\"\\\"a\\\" is given with and without "
	    "\\\"#\\\"\"},\"0\"]");
}

/* Each call answers with twice what the one before answered. */
static void references_cannot_grow_without_end(void **state)
{
	struct jmap_fake *f = *state;
	struct buf body;
	buf_init(&body, 100000);
	(void)buf_append_string(
	    &body, "{\"using\":[" CORE "],\"methodCalls\":[[\"Core/echo\",{\"a\":\"0123456789\"},\"0\"]");
	for (int i = 1; i < 60; i++) {
		(void)buf_printf(&body, ",[\"Core/echo\",{");
		for (int k = 0; k < 2; k++)
			(void)buf_printf(&body,
			    "%s\"#a%d\":{\"resultOf\":\"%d\",\"name\":\"Core/echo\",\"path\":\"\"}",
			    k ? "," : "", k, i - 1);
		(void)buf_printf(&body, "},\"%d\"]", i);
	}
	(void)buf_append_string(&body, "]}");
	jmap_fake_send(f, buf_string(&body));
	assert_int_equal(f->status, 200);
	assert_true(buf_view(&f->out).len < JMAP_RESPONSE_MAX);
	buf_done(&body);
}

/* Each of many references in one call walks through a large result: somebody must say when it is enough. */
static void follows_references_through_so_much(struct jmap_fake *f, int references, const char *expected)
{
	enum { LARGE = 4 * 1024 * 1024 };
	struct buf body;
	buf_init(&body, LARGE + 1000000);
	(void)buf_append_string(&body, "{\"using\":[" CORE "],\"methodCalls\":[[\"Core/echo\",{\"a\":\"");
	for (int i = 0; i < LARGE; i++)
		(void)buf_append_byte(&body, 'x');
	(void)buf_append_string(&body, "\",\"n\":1},\"0\"],[\"Core/echo\",{");
	for (int i = 0; i < references; i++)
		(void)buf_printf(&body,
		    "%s\"#n%d\":{\"resultOf\":\"0\",\"name\":\"Core/echo\",\"path\":\"/n\"}", i ? "," : "",
		    i);
	(void)buf_append_string(&body, "},\"1\"]]}");
	jmap_fake_send(f, buf_string(&body));
	assert_int_equal(f->status, 200);
	struct view said = buf_view(&f->out);
	assert_non_null(memmem(said.data + LARGE, said.len - LARGE, expected, strlen(expected)));
	buf_done(&body);
}

static void references_walk_only_so_far(void **state)
{
	follows_references_through_so_much(*state, 50, "[\"Core/echo\",{\"n0\":1,");
	follows_references_through_so_much(*state, 100, "invalidResultReference");
}

static bool swallows(struct jmap_fake *f, uint32_t number, unsigned type, const void *question)
{
	(void)f;
	(void)number;
	(void)question;
	return type != MAIL_MAILBOXES;
}

/* Methods of the core capability ask the account as well. */
static void no_call_waits_for_an_account_that_is_lost(void **state)
{
	struct jmap_fake *f = *state;
	f->answer = swallows;
	assert_non_null(jmap_fake_send(f, "{\"using\":[" CORE "," MAIL "],\"methodCalls\":["
	                                  "[\"Email/get\",{\"accountId\":\"A7\",\"ids\":[\"E7-1\"]},\"0\"],"
	                                  "[\"Blob/copy\",{\"accountId\":\"A7\",\"fromAccountId\":\"A9\","
	                                  "\"blobIds\":[\"B9-1\"]},\"1\"],"
	                                  "[\"PushSubscription/get\",{},\"2\"],[\"PushSubscription/set\","
	                                  "{\"create\":{\"k\":{\"deviceClientId\":\"d\",\"url\":"
	                                  "\"https://push.example.org/\"}}},\"3\"]]}"));
	jmap_session_lost(f->session);
	assert_int_equal(f->status, 200);
	size_t count = 0;
	for (const char *at = buf_string(&f->out); (at = strstr(at, "serverUnavailable")); at++)
		count++;
	assert_int_equal(count, 4);
}

/* A client that begins requests and goes, faster than store answers. */
static void many_dropped_requests_end_nothing(void **state)
{
	struct jmap_fake *f = *state;
	struct jmap_request *r = NULL;
	f->answer = swallows;
	for (int i = 0; i < 10000; i++) {
		r = jmap_fake_send(f, "{\"using\":[" CORE "," MAIL "],\"methodCalls\":[[\"Email/get\","
		                      "{\"accountId\":\"A7\",\"ids\":[\"E7-1\"]},\"0\"]]}");
		if (r == NULL)
			break;
		jmap_request_drop(r);
	}
	assert_null(r);
	assert_int_equal(f->status, 200);
	assert_non_null(strstr(buf_string(&f->out), "serverUnavailable"));
}

static void tells_created_ids_only_to_who_asked(void **state)
{
	jmap_fake_says(*state, "{\"using\":[" CORE "],\"methodCalls\":[],\"createdIds\":{\"k\":\"E7-1\"}}",
	    "{\"methodResponses\":[],\"createdIds\":{\"k\":\"E7-1\"},");
}

static void limits_requests_at_once(void **state)
{
	struct jmap_fake *f = *state;
	struct jmap_request *first = NULL;
	unsigned status = 0;
	for (int i = 0; i < JMAP_CONCURRENT_REQUESTS_MAX; i++) {
		struct jmap_request *r =
		    jmap_request_begin(f->session, VIEW("{\"using\":[],\"methodCalls\":[]}"),
		        VIEW("application/json"), &f->out, on_done, &status);
		assert_non_null(r); /* they wait for the accounts */
		first = first ? first : r;
	}
	assert_null(jmap_request_begin(f->session, VIEW("{\"using\":[],\"methodCalls\":[]}"),
	    VIEW("application/json"), &f->out, on_done, &status));
	assert_int_equal(status, 400);
	status = 0;
	jmap_request_drop(first);
	assert_non_null(jmap_request_begin(f->session, VIEW("{\"using\":[],\"methodCalls\":[]}"),
	    VIEW("application/json"), &f->out, on_done, &status));
	jmap_fake_work(f);
	assert_int_equal(status, 200);
}

static void goes_on_when_the_account_is_lost(void **state)
{
	struct jmap_fake *f = *state;
	unsigned status = 0;
	assert_non_null(jmap_request_begin(f->session,
	    VIEW("{\"using\":[" CORE "],\"methodCalls\":[[\"Core/echo\",{},\"c\"]]}"),
	    VIEW("application/json"), &f->out, on_done, &status));
	jmap_session_lost(f->session);
	assert_int_equal(status, 200);
	assert_null(jmap_session_object(f->session, &f->out, on_done, &status));
	assert_int_equal(status, 503);
}

static void tells_what_the_server_can_do(void **state)
{
	struct jmap_fake *f = *state;
	unsigned status = 0;
	assert_non_null(jmap_session_object(f->session, &f->out, on_done, &status));
	jmap_fake_work(f);
	assert_int_equal(status, 200);
	const char *text = buf_string(&f->out);
	static const char *const parts[] = {"\"urn:ietf:params:jmap:core\":{\"maxSizeUpload\":100000000,",
	    "\"urn:ietf:params:jmap:websocket\":{\"url\":\"wss://mail.example.org/jmap/ws\"",
	    "/jmap/ws\",\"supportsPush\":true}",
	    "\"accounts\":{\"A7\":{\"name\":\"anna@example.org\",\"isPersonal\":true,\"isReadOnly\":false,",
	    "\"A9\":{\"name\":\"bert@example.org\",\"isPersonal\":false,",
	    "\"username\":\"anna@example.org\"", "\"apiUrl\":\"https://mail.example.org/jmap/api\"",
	    "\"state\":\""};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		assert_non_null(strstr(text, parts[i]));
}

static void speaks_websocket(void **state)
{
	struct jmap_fake *f = *state;
	unsigned status = 0;
	jmap_fake_call(f, CORE, "", "");
	buf_clear(&f->out);
	assert_null(jmap_request_begin_websocket(f->session,
	    VIEW("{\"@type\":\"Request\",\"id\":\"R1\",\"using\":[],\"methodCalls\":[]}"), &f->out, on_done,
	    &status));
	assert_int_equal(status, 200);
	assert_int_equal(
	    memcmp(buf_view(&f->out).data,
	        "{\"@type\":\"Response\",\"requestId\":\"R1\",\"methodResponses\":[],\"sessionState\":", 70),
	    0);
	buf_clear(&f->out);
	assert_null(jmap_request_begin_websocket(f->session, VIEW("nonsense"), &f->out, on_done, &status));
	assert_view(buf_view(&f->out), "{\"@type\":\"RequestError\",\"requestId\":null,\"type\":\"urn:ietf:"
	                               "params:jmap:error:notJSON\",\"status\":400,"
	                               "\"detail\":\"the request is not JSON as RFC 7493 has it\"}");
}

/* Whichever allocation fails: there is one answer, it is JSON, and the next request is answered as always. */
static void outlives_a_lack_of_memory(void **state)
{
	struct jmap_fake *f = *state;
	const char *body =
	    "{\"using\":[" CORE "],\"createdIds\":{\"k\":\"E7-1\"},\"methodCalls\":["
	    "[\"Core/echo\",{\"list\":[{\"t\":\"x\"},{\"t\":\"y\"}]},\"0\"],"
	    "[\"Core/echo\",{\"#t\":{\"resultOf\":\"0\",\"name\":\"Core/echo\",\"path\":\"/list/*/t\"}},"
	    "\"1\"],[\"Foo/get\",{},\"2\"],[\"Core/echo\",{},\"3\"],[\"Core/echo\",{},\"4\"]]}";
	bool failed = true;
	unsigned n = 0, unlike = 0;
	jmap_fake_send(f, body);
	char *usual = strndup(buf_view(&f->out).data, buf_view(&f->out).len);
	while (failed) {
		buf_done(&f->out); /* so that it grows anew */
		mem_fail_after(++n);
		jmap_fake_send(f, body);
		failed = !mem_fault_pending();
		mem_fail_after(0);
		assert_true(f->status == 200 || f->status == 503);
		struct arena arena;
		struct json_value value;
		arena_init(&arena, 1 << 20);
		assert_int_equal(json_parse(buf_view(&f->out), &arena, &value), 0);
		assert_int_equal(json_member(&value, "methodResponses") != NULL, f->status == 200);
		arena_done(&arena);
		unlike += buf_view(&f->out).len != strlen(usual);
	}
	assert_true(n > 10);     /* there was something that could fail */
	assert_true(unlike > 0); /* and it was noticed */
	jmap_fake_send(f, body);
	assert_view(buf_view(&f->out), usual);
	free(usual);
}

/* Each walks the script. */
static void rules_are_changed_so_often_in_one_call(void **state)
{
	struct jmap_fake *f = *state;
	struct buf body;
	buf_init(&body, 64 * 1024);
	buf_append(
	    &body, VIEW("{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:postrider:params:jmap:rules\"],"
	                "\"methodCalls\":[[\"SieveRules/write\",{\"accountId\":\"A7\",\"text\":\"\","
	                "\"changes\":[{\"rule\":1}"));
	for (size_t i = 0; i < 1000; i++)
		buf_append(&body, VIEW(",{\"rule\":1}"));
	buf_append(&body, VIEW("]},\"0\"]]}"));
	buf_append_byte(&body, '\0');
	assert_false(buf_failed(&body));
	jmap_fake_send(f, buf_view(&body).data);
	buf_append_byte(&f->out, '\0');
	assert_true(strstr(buf_view(&f->out).data, "a call makes at most 1000 changes") != NULL);
	buf_done(&body);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(echoes_what_it_is_given),
	    TEST(refuses_what_is_no_request),
	    TEST(refuses_another_content_type),
	    TEST(refuses_what_passes_a_limit),
	    TEST(knows_methods_by_their_capability),
	    TEST(follows_references),
	    TEST(refuses_references_to_nothing),
	    TEST(references_cannot_grow_without_end),
	    TEST(references_walk_only_so_far),
	    TEST(many_dropped_requests_end_nothing),
	    TEST(no_call_waits_for_an_account_that_is_lost),
	    TEST(tells_created_ids_only_to_who_asked),
	    TEST(limits_requests_at_once),
	    TEST(goes_on_when_the_account_is_lost),
	    TEST(tells_what_the_server_can_do),
	    TEST(speaks_websocket),
	    TEST(rules_are_changed_so_often_in_one_call),
	    TEST(outlives_a_lack_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
