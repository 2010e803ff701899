/* IMAP URLs: what is read lies within the text, is text, and vouches for itself alone. */
#include "fuzz.h"

#include "base/utf8.h"
#include "mail/mail_url.h"

static void check_name(struct view name)
{
	check(utf8_valid(name));
	check(view_find(name, '\0') < 0 && view_find(name, '\r') < 0 && view_find(name, '\n') < 0);
}

/* With the token of its rump it is believed, and with any other one it is not. */
static void check_token(const struct mail_url *url, struct arena *arena)
{
	struct buf text;
	struct mail_url again;
	buf_init(&text, MAIL_URL_MAX + 200);
	buf_append(&text, url->rump);
	buf_append(&text, VIEW(":internal:"));
	check(mail_url_token(VIEW("key"), url->rump, &text) == 0);
	if (mail_url_parse(buf_view(&text), arena, &again)) {
		check(view_equal(again.rump, url->rump));
		check(mail_url_token_matches(VIEW("key"), &again));
		check(!mail_url_token_matches(VIEW("another key"), &again));
	} else {
		check(buf_view(&text).len > MAIL_URL_MAX);
	}
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_of(data, size);
	struct arena arena;
	struct mail_url url;
	arena_init(&arena, 1 << 20);
	if (mail_url_parse(text, &arena, &url)) {
		check(url.uid > 0);
		check(url.absolute == (url.host.len > 0));
		check_name(url.user);
		check_name(url.mailbox);
		check_name(url.section);
		check_name(url.access_user);
		check(url.rump.len == 0 || view_starts(text, url.rump));
		check((url.access == MAIL_URL_NO_ACCESS) == (url.rump.len == 0));
		check((url.mechanism.len == 0) == (url.token.len == 0));
		touch(url.token);
		if (url.access != MAIL_URL_NO_ACCESS)
			check_token(&url, &arena);
	}
	arena_done(&arena);
	return 0;
}
