/* The pages on the way in, and of what is shown once: see web_auth_page.h. The account's page has a file of
 * its own. */
#include "role/web/web_auth_page.h"

#include "format/json_read.h"
#include "role/web/web_html.h"
#include "role/web/web_next.h"

enum {
	PAGE_MAX = 256 * 1024,
	ARENA_MAX = 512 * 1024,
	PATH_MAX_OCTETS = 4096, /* of "/", with a place that is escaped */
};

static void put_words(struct buf *out, const struct web_auth_page *page)
{
	if (page->words.len == 0)
		return;
	buf_append_string(out, "<p class=\"problem\" role=\"alert\">");
	web_html_text(out, page->words);
	buf_append_string(out, "</p>\n");
}

static void put_hidden(struct buf *out, const char *name, struct view value)
{
	buf_printf(out, "<input type=\"hidden\" name=\"%s\" value=\"", name);
	web_html_text(out, value);
	buf_append_string(out, "\">\n");
}

static void put_next(struct buf *out, struct view path)
{
	struct view next = web_next_of(path);
	if (next.len)
		put_hidden(out, "next", next);
}

/* A form that is there where the browser knows passkeys; what its script says in a failure stands in it. */
static void put_passkey(
    struct buf *out, enum web_language in, const char *what, const struct web_auth_page *page)
{
	buf_printf(out,
	    "<form class=\"passkey\" data-passkey=\"%s\" data-cancelled=\"%s\" data-failed=\"%s\" hidden>\n",
	    what, web_text(in, "No passkey was used: it was cancelled, or took too long."),
	    web_text(in, "That did not work. Nothing was changed."));
	if (page->ticket.len)
		put_hidden(out, "ticket", page->ticket);
	put_next(out, page->next);
	buf_printf(out, "<button>%s</button>\n<p class=\"problem\" role=\"alert\" hidden></p></form>\n",
	    web_text(in, "Use a passkey"));
}

static void put_account_link(struct web_exchange *e, struct buf *out)
{
	buf_printf(out, "<p class=\"quiet\"><a href=\"%s/account\">%s</a></p>\n", web_exchange_prefix(e),
	    web_text(web_language_of(e), "Back to the account"));
}

static void put_again(struct web_exchange *e, struct buf *out, struct view next)
{
	struct buf path;
	buf_init(&path, PATH_MAX_OCTETS);
	web_next_front(&path, web_exchange_prefix(e), next);
	buf_append_string(out, "<p class=\"quiet\"><a href=\"");
	web_html_text(out, buf_view(&path));
	buf_printf(out, "\">%s</a></p>\n", web_text(web_language_of(e), "Begin again"));
	buf_done(&path);
}

void web_auth_page_sign_in(struct web_exchange *e, const struct web_auth_page *page)
{
	struct buf out;
	enum web_language in = web_language_of(e);
	/* Whoever has typed a wrong password types that one again. */
	bool named = page->username.len > 0;
	buf_init(&out, PAGE_MAX);
	web_html_begin(&out, in, "Sign in", "passkey.js");
	buf_printf(&out, "<p class=\"quiet\">%s", web_text(in, "Your mail at "));
	web_html_text(&out, edge_settings()->hostname);
	buf_append_string(&out, "</p>\n");
	put_words(&out, page);
	buf_printf(&out, "<form method=\"post\" action=\"%s/auth/login\">\n", web_exchange_prefix(e));
	put_next(&out, page->next);
	buf_printf(&out,
	    "<label>%s\n"
	    "<input name=\"username\" type=\"text\" inputmode=\"email\" autocomplete=\"username\" "
	    "dir=\"ltr\" "
	    "autocapitalize=\"none\" spellcheck=\"false\" required%s value=\"",
	    web_text(in, "Address"), named ? "" : " autofocus");
	web_html_text(&out, page->username);
	buf_append_string(&out, "\"></label>\n");
	if (named && view_find(page->username, '@') < 0)
		buf_printf(&out, "<p>%s</p>\n",
		    web_text(in, "Type the whole address: the name, an @ and the domain."));
	buf_printf(&out,
	    "<label>%s\n<input name=\"password\" type=\"password\" dir=\"ltr\" "
	    "autocomplete=\"current-password\" required%s></label>\n<button>%s</button>\n</form>\n",
	    web_text(in, "Password"), named ? " autofocus" : "", web_text(in, "Sign in"));
	put_passkey(&out, in, "sign-in", &(struct web_auth_page){.next = page->next});
	buf_printf(&out, "<p class=\"quiet\">%s <a href=\"%s/setup\">%s</a></p>\n",
	    web_text(in, "You use a mail program?"), web_exchange_prefix(e),
	    web_text(in, "This is how it is set up"));
	web_html_end(&out);
	web_html_reply(e, page->status, &out);
	buf_done(&out);
}

void web_auth_page_second(struct web_exchange *e, const struct web_auth_page *page)
{
	struct buf out;
	struct arena arena;
	struct json_value second = {.kind = JSON_NULL};
	enum web_language in = web_language_of(e);
	arena_init(&arena, ARENA_MAX);
	/* After a wrong code it is not told again which there are. */
	bool told = json_parse(page->text, &arena, &second) == 0;
	buf_init(&out, PAGE_MAX);
	web_html_begin(&out, in, "Second step", "passkey.js");
	put_words(&out, page);
	buf_printf(&out, "<form method=\"post\" action=\"%s/auth/code\">\n", web_exchange_prefix(e));
	put_hidden(&out, "ticket", page->ticket);
	put_next(&out, page->next);
	buf_printf(&out,
	    "<label>%s\n<input name=\"code\" autocomplete=\"one-time-code\" autocapitalize=\"none\" "
	    "dir=\"ltr\" "
	    "spellcheck=\"false\" required autofocus></label>\n<button>%s</button>\n</form>\n",
	    web_text(in, told && !json_true_of(&second, "code")
	                     ? "A recovery code"
	                     : "The code of your authenticator program, or a recovery code"),
	    web_text(in, "Go on"));
	if (!told || json_true_of(&second, "passkey"))
		put_passkey(&out, in, "second", page);
	put_again(e, &out, page->next);
	web_html_end(&out);
	web_html_reply(e, page->status, &out);
	buf_done(&out);
	arena_done(&arena);
}

void web_auth_page_prove(struct web_exchange *e, const struct web_auth_page *page)
{
	struct buf out;
	enum web_language in = web_language_of(e);
	buf_init(&out, PAGE_MAX);
	web_html_begin(&out, in, "Is it you?", "passkey.js");
	put_words(&out, page);
	buf_printf(&out,
	    "<p>%s</p>\n<form method=\"post\" action=\"%s/auth/prove\">\n<label>%s\n"
	    "<input name=\"secret\" type=\"password\" dir=\"ltr\" autocomplete=\"current-password\" required "
	    "autofocus></label>\n<button>%s</button>\n</form>\n",
	    web_text(in, "Before this is changed, prove that it is you. Then do it again; for 15 minutes "
	                 "nobody asks."),
	    web_exchange_prefix(e), web_text(in, "Your password; or, with two-step sign-in, a code"),
	    web_text(in, "Go on"));
	put_passkey(&out, in, "prove", &(struct web_auth_page){0});
	put_account_link(e, &out);
	web_html_end(&out);
	web_html_reply(e, page->status, &out);
	buf_done(&out);
}

void web_auth_page_codes(struct web_exchange *e, const struct web_auth_page *page)
{
	struct buf out;
	struct arena arena;
	struct json_value codes = {.kind = JSON_NULL};
	enum web_language in = web_language_of(e);
	arena_init(&arena, ARENA_MAX);
	buf_init(&out, PAGE_MAX);
	json_parse(page->text, &arena, &codes);
	struct view uri = json_text_of(&codes, "uri"), copy;
	web_html_begin(&out, in, "Two-step sign-in", NULL);
	put_words(&out, page);
	buf_printf(&out, "<p>%s</p>\n",
	    web_text(in, "Scan this with an authenticator program, then type the code that it shows."));
	if (arena_copy(&arena, uri, &copy))
		web_html_qr(&out, in, copy.data);
	buf_printf(&out, "<p class=\"quiet\">%s<code>", web_text(in, "Or type this into the program: "));
	web_html_text(&out, json_text_of(&codes, "secret"));
	buf_printf(&out, "</code></p>\n<p>%s</p>\n<form method=\"post\" action=\"%s/auth/codes/set\">\n",
	    web_text(in, "From then on mail programs need app passwords: your own password opens nothing but "
	                 "the first step here."),
	    web_exchange_prefix(e));
	put_hidden(&out, "ticket", page->ticket);
	buf_printf(&out,
	    "<label>%s\n<input name=\"code\" inputmode=\"numeric\" dir=\"ltr\" "
	    "autocomplete=\"one-time-code\" required autofocus></label>\n<button>%s</button>\n</form>\n",
	    web_text(in, "Code"), web_text(in, "Switch it on"));
	put_account_link(e, &out);
	web_html_end(&out);
	web_html_reply(e, page->status, &out);
	buf_done(&out);
	arena_done(&arena);
}

static void put_codes(struct buf *out, enum web_language in, struct view text)
{
	struct arena arena;
	struct json_value list = {.kind = JSON_NULL};
	arena_init(&arena, ARENA_MAX);
	json_parse(text, &arena, &list);
	buf_printf(out, "<p>%s</p>\n<ul class=\"codes\" dir=\"ltr\">\n",
	    web_text(in, "Each of these recovery codes signs you in once, when you have neither your "
	                 "authenticator program nor a passkey. Keep them where you find them then: they are "
	                 "not shown again."));
	for (const struct json_value *code = list.first; code; code = code->next) {
		buf_append_string(out, "<li><code>");
		web_html_text(out, code->text);
		buf_append_string(out, "</code></li>\n");
	}
	buf_append_string(out, "</ul>\n");
	arena_done(&arena);
}

void web_auth_page_secret(struct web_exchange *e, const struct web_auth_page *page, const char *name)
{
	struct buf out;
	struct view what = view_from_string(name);
	enum web_language in = web_language_of(e);
	bool codes = view_equal(what, VIEW("recoveryCodes")), token = view_equal(what, VIEW("token"));
	buf_init(&out, PAGE_MAX);
	web_html_begin(&out, in,
	    codes   ? "Recovery codes"
	    : token ? "A new token"
	            : "A new app password",
	    NULL);
	if (codes) {
		put_codes(&out, in, page->text);
	} else {
		buf_printf(&out, "<p>%s</p>\n<p><code class=\"secret\">",
		    web_text(in, token ? "Give this token to the program. It is not shown again."
		                       : "Type this password into the program, with your address as its user "
		                         "name. It is not shown again."));
		web_html_text(&out, page->text);
		buf_append_string(&out, "</code></p>\n");
	}
	put_account_link(e, &out);
	web_html_end(&out);
	web_html_reply(e, page->status, &out);
	buf_done(&out);
}

void web_auth_page_words(struct web_exchange *e, const struct web_auth_page *page)
{
	struct buf out;
	enum web_language in = web_language_of(e);
	buf_init(&out, PAGE_MAX);
	web_html_begin(&out, in, "That did not work", NULL);
	put_words(&out, page);
	put_account_link(e, &out);
	web_html_end(&out);
	web_html_reply(e, page->status, &out);
	buf_done(&out);
}
