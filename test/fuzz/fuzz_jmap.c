/*
 * Requests of JMAP: any octets as a request, to all methods. Whatever is said is answered once, in JSON, each
 * call has a response, and the account's questions may be answered, fail, or be cut off by the account's
 * loss.
 */
#include "fuzz.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "jmap/jmap.h"
#include "mail/mail.h"

enum { QUESTIONS_MAX = 256 };

static struct {
	struct jmap_session *session;
	uint32_t numbers[QUESTIONS_MAX];
	unsigned types[QUESTIONS_MAX];
	size_t count;
	unsigned status, answers;
	struct mail_upload_credit credit; /* of what was sent up and is not credited yet */
} world;

static void ask(void *arg, uint32_t number, unsigned type, const void *question)
{
	(void)arg;
	if (type == MAIL_UPLOAD) {
		const struct mail_upload *piece = question;
		touch(piece->bytes);
		world.credit =
		    (struct mail_upload_credit){piece->upload, world.credit.bytes + piece->bytes.len};
	}
	if (type == MAIL_UPLOAD || type == MAIL_UPLOAD_ABORT || type == MAIL_STOP)
		return;
	check(world.count < QUESTIONS_MAX);
	world.numbers[world.count] = number;
	world.types[world.count++] = type;
}

static int64_t now(void *arg)
{
	(void)arg;
	return 1800000000;
}

static void done(void *arg, unsigned status)
{
	(void)arg;
	world.status = status;
	world.answers++;
}

/* The first question that waits: well, with an error, or with the end of the account's channel. */
static void answer(unsigned how)
{
	struct mail_done end = {.error = how % 8 == 7   ? -EIO
	                                 : how % 8 == 6 ? -ENOENT
	                                                : 0,
	    .modseq = 5,
	    .number = 1};
	uint32_t number = world.numbers[0];
	if (how == 0x80) {
		world.count = 0;
		jmap_session_lost(world.session);
		return;
	}
	world.count--;
	memmove(world.numbers, world.numbers + 1, world.count * sizeof world.numbers[0]);
	jmap_session_answer(world.session, number, MAIL_DONE, &end);
}

static void check_response(const struct buf *out)
{
	struct view text = buf_view(out);
	json_error_t error;
	json_t *response = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error),
	       *one;
	size_t i;
	check(response != NULL);
	check(world.status == 200 || world.status == 400 || world.status == 503);
	check((world.status == 200) == (json_object_get(response, "methodResponses") != NULL));
	json_array_foreach(json_object_get(response, "methodResponses"), i, one)
	{
		check(json_array_size(one) == 3);
		check(json_is_string(json_array_get(one, 0)) && json_is_object(json_array_get(one, 1)));
	}
	json_decref(response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct jmap_host host = {ask, now};
	struct jmap_config config = {.account = 7,
	    .address = VIEW("anna@example.org"),
	    .base = VIEW("https://mail.example.org"),
	    .message_max = 100000,
	    .delay_max = 86400,
	    .websocket = true};
	unsigned seed = size ? data[size - 1] : 0;
	struct buf out;
	memset(&world, 0, sizeof world);
	buf_init(&out, 2 * JMAP_RESPONSE_MAX);
	world.session = jmap_session_new(&config, &host, NULL);
	struct jmap_request *r = jmap_request_begin(
	    world.session, view_of(data, size), VIEW("application/json"), &out, done, NULL);
	check((r == NULL) == (world.answers == 1));
	for (unsigned n = 0; world.answers == 0; n++) {
		struct mail_upload_credit credit = world.credit;
		world.credit.bytes = 0;
		check(world.count > 0 || credit.bytes > 0); /* else it waits for ever */
		if (credit.bytes)
			jmap_session_answer(world.session, 0, MAIL_UPLOAD_CREDIT, &credit);
		if (world.count > 0)
			answer(n == 0 ? 0 : (seed = seed * 1103515245 + 12345) >> 16 & 0xff);
		if (n > 10000)
			break;
	}
	if (world.answers)
		check_response(&out);
	check(world.answers <= 1);
	jmap_session_free(world.session);
	buf_done(&out);
	return 0;
}
