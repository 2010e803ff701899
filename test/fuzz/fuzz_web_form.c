/*
 * What a request for signing in says: a form or a JSON object, by the first octet. However it is read, each
 * field is in what was read, a JSON text has no more of them than the limit, and a token is read as it is
 * written.
 */
#include "fuzz.h"

#include "role/web/web_auth_form.h"
#include "trust/login/web_session.h"

static void check_token(struct view text)
{
	unsigned char token[WEB_TOKEN_SIZE], again[WEB_TOKEN_SIZE];
	struct buf address, written, address_again;
	buf_init(&address, SASL_IDENTITY_MAX);
	buf_init(&written, WEB_TOKEN_TEXT_MAX);
	buf_init(&address_again, SASL_IDENTITY_MAX);
	if (web_token_read(text, token, &address)) {
		check(web_token_write(&written, token, buf_view(&address)) == 0);
		check(web_token_read(buf_view(&written), again, &address_again));
		check(view_equal(view_of(token, sizeof token), view_of(again, sizeof again)));
		check(view_equal(buf_view(&address), buf_view(&address_again)));
	}
	buf_done(&address);
	buf_done(&written);
	buf_done(&address_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct web_form form;
	struct view input = view_of(data, size);
	bool is_form = size && data[0] & 1;
	arena_init(&arena, 1 << 20);
	if (web_form_read(&form,
	        is_form ? VIEW("application/x-www-form-urlencoded") : VIEW("application/json"),
	        view_skip(input, 1), &arena)) {
		check(form.count <= WEB_FORM_FIELDS_MAX);
		for (size_t i = 0; i < form.count; i++) {
			touch(form.fields[i].name);
			touch(form.fields[i].value);
			check_token(form.fields[i].value);
		}
		web_form_number(&form, "id");
	}
	check_token(input);
	arena_done(&arena);
	return 0;
}
