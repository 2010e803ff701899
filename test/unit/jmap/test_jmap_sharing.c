/* Principals of a domain that is larger than one answer: what is behind the end of the list is asked for by
 * its number. */
#include "jmap_fake.h"

#include <stdio.h>

#include "mail/sharing.h"

static bool answers_late; /* the test answers itself */
static uint32_t asked;
static bool by_number;

static void tell(struct jmap_fake *f, uint32_t number, uint64_t who, const char *address)
{
	struct sharing_principal p = {.number = who, .address = view_from_string(address)};
	jmap_session_answer(f->session, number, SHARING_PRINCIPAL, &p);
}

/* Of all people two are told, and that there are more. */
static void answer(struct jmap_fake *f)
{
	if (by_number) {
		tell(f, asked, 5, "zoe@example.org");
	} else {
		tell(f, asked, 7, "anna@example.org");
		tell(f, asked, 8, "bert@example.org");
	}
	jmap_session_answer(f->session, asked, MAIL_DONE, &(struct mail_done){.number = !by_number});
}

static bool on_ask(struct jmap_fake *f, uint32_t number, unsigned type, const void *question)
{
	(void)f;
	if (type != SHARING_PRINCIPALS)
		return false;
	asked = number;
	by_number = ((const struct sharing_principals *)question)->numbers.len > 0;
	answers_late = true;
	return true;
}

static void state_of(struct jmap_fake *f, const char *arguments, char out[64])
{
	char body[400];
	snprintf(body, sizeof body,
	    "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:principals\"],\"methodCalls\":["
	    "[\"Principal/get\",{\"accountId\":\"A7\"%s},\"0\"]]}",
	    arguments);
	jmap_fake_send(f, body);
	while (answers_late) {
		answers_late = false;
		answer(f);
	}
	assert_int_equal(f->status, 200);
	const char *at = strstr(buf_string(&f->out), "\"state\":\"");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "\"state\":\"%60[0-9]", out), 1);
}

/* The state is the list's, whatever of it was wanted: else a client would ask for all anew, again and again.
 */
static void state_is_of_the_list(void **state)
{
	struct jmap_fake f = {.answer = on_ask};
	char all[64], one[64], behind[64];
	(void)state;
	jmap_fake_begin(&f);
	state_of(&f, "", all);
	state_of(&f, ",\"ids\":[\"H8\"]", one);
	state_of(&f, ",\"ids\":[\"H5\"]", behind);
	assert_non_null(strstr(buf_string(&f.out), "zoe@example.org"));
	assert_string_equal(one, all);
	assert_string_equal(behind, all);
	jmap_fake_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(state_is_of_the_list)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
