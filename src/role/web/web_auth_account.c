/* The account's page: what opens it, and forms that change that. */
#include <stdio.h>

#include "format/json_read.h"
#include "role/web/web_auth_page.h"
#include "role/web/web_html.h"

enum { PAGE_MAX = 512 * 1024, ARENA_MAX = 1024 * 1024 };

/* Text that stands in the page as it is. */
static void put(struct buf *out, enum web_language in, const char *text)
{
	buf_append_string(out, web_text(in, text));
}

/* "Firefox on Linux", as far as what a browser calls itself tells. */
static void put_agent(struct buf *out, enum web_language in, struct view agent)
{
	static const struct {
		const char *mark, *name;
	} browsers[] = {{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"},
	    {"Safari/", "Safari"}, {"curl/", "curl"}},
	  systems[] = {{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"},
	      {"Mac OS X", "macOS"}, {"Linux", "Linux"}};
	const char *browser = NULL, *system = NULL;
	for (size_t at = 0; at < agent.len; at++) {
		struct view rest = view_skip(agent, at);
		for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++)
			if (system == NULL && view_starts(rest, view_from_string(systems[i].mark)))
				system = systems[i].name;
	}
	for (size_t i = 0; browser == NULL && i < sizeof browsers / sizeof browsers[0]; i++)
		for (size_t at = 0; at < agent.len; at++)
			if (view_starts(view_skip(agent, at), view_from_string(browsers[i].mark)))
				browser = browsers[i].name;
	if (browser)
		buf_printf(out, "%s%s%s", browser, system ? web_text(in, " on ") : "", system ? system : "");
	else if (agent.len)
		web_html_text(out, agent);
	else
		put(out, in, "A program without a name");
}

/* A form of one button: what is done with the thing of that id. prefix: of the seat (web_seat.h). */
static void put_button(struct buf *out, const char *prefix, enum web_language in, const char *action,
    int64_t id, const char *label, const char *about)
{
	buf_printf(out, "<form method=\"post\" action=\"%s%s\" class=\"inline\">", prefix, action);
	if (id)
		buf_printf(out, "<input type=\"hidden\" name=\"id\" value=\"%lld\">", (long long)id);
	buf_printf(out, "<button%s%s%s>%s</button></form>", about ? " aria-label=\"" : "",
	    about ? web_text(in, about) : "", about ? "\"" : "", web_text(in, label));
}

static const struct json_value *list_of(const struct json_value *state, const char *name)
{
	const struct json_value *list = json_member(state, name);
	return list && list->kind == JSON_ARRAY ? list->first : NULL;
}

static void begin_section(struct buf *out, enum web_language in, const char *id, const char *title)
{
	buf_printf(
	    out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id, web_text(in, title));
}

static void put_tag(struct buf *out, enum web_language in, const char *tag)
{
	buf_printf(out, " <span class=\"tag\">%s</span>", web_text(in, tag));
}

static void put_last_used(struct buf *out, enum web_language in, const struct json_value *thing)
{
	buf_append_string(out, "; ");
	put(out, in, "last used: ");
	web_html_time(out, in, json_number_of(thing, "lastUsed"));
	buf_append_string(out, "</span></div>");
}

static void put_sessions(
    struct buf *out, const char *prefix, enum web_language in, const struct json_value *state)
{
	int64_t own = json_number_of(state, "session");
	size_t count = 0;
	begin_section(out, in, "sessions", "Where you are signed in");
	buf_append_string(out, "<ul class=\"rows\">\n");
	for (const struct json_value *s = list_of(state, "sessions"); s; s = s->next, count++) {
		int64_t id = json_number_of(s, "id");
		buf_append_string(out, "<li><div><strong>");
		put_agent(out, in, json_text_of(s, "agent"));
		buf_append_string(out, "</strong>");
		if (json_true_of(s, "program"))
			put_tag(out, in, "token");
		if (id == own)
			put_tag(out, in, "this one");
		buf_append_string(out, "<br><span class=\"quiet\">");
		if (json_text_of(s, "address").len)
			web_html_text(out, json_text_of(s, "address"));
		else
			put(out, in, "not used yet");
		buf_append_string(out, ", ");
		web_html_time(out, in, json_number_of(s, "lastUsed"));
		buf_append_string(out, "</span></div>");
		if (id == own)
			put_button(out, prefix, in, "/auth/logout", 0, "Sign out", NULL);
		else
			put_button(out, prefix, in, "/auth/sessions/end", id, "End", "End this session");
		buf_append_string(out, "</li>\n");
	}
	buf_append_string(out, "</ul>\n");
	if (count > 1)
		put_button(out, prefix, in, "/auth/sessions/end", 0, "End all others", NULL);
	buf_append_string(out, "</section>\n");
}

static void put_opens(struct buf *out, const struct json_value *app)
{
	for (const struct json_value *p = list_of(app, "opens"); p; p = p->next) {
		buf_append_string(out, p == list_of(app, "opens") ? "" : " ");
		web_html_text(out, p->text);
	}
}

static void put_apps(
    struct buf *out, const char *prefix, enum web_language in, const struct json_value *state)
{
	begin_section(out, in, "apps", "App passwords");
	buf_printf(out, "<p class=\"quiet\">%s</p>\n<ul class=\"rows\">\n",
	    web_text(in, "A password for one program on one device. You can take it back without changing "
	                 "anything else."));
	for (const struct json_value *a = list_of(state, "appPasswords"); a; a = a->next) {
		buf_append_string(out, "<li><div><strong>");
		web_html_text(out, json_text_of(a, "name"));
		buf_append_string(out, "</strong><br><span class=\"quiet\">");
		put_opens(out, a);
		put_last_used(out, in, a);
		put_button(out, prefix, in, "/auth/passwords/remove", json_number_of(a, "id"), "Remove",
		    "Remove this app password");
		buf_append_string(out, "</li>\n");
	}
	buf_printf(out,
	    "</ul>\n<form method=\"post\" action=\"%s/auth/passwords/add\" class=\"line\">\n"
	    "<label>%s\n<input name=\"name\" maxlength=\"60\" required></label>\n"
	    "<input type=\"hidden\" name=\"opens\" value=\"imap\"><input type=\"hidden\" name=\"opens\" "
	    "value=\"pop3\">"
	    "<input type=\"hidden\" name=\"opens\" value=\"smtp\"><input type=\"hidden\" name=\"opens\" "
	    "value=\"web\">"
	    "<input type=\"hidden\" name=\"opens\" value=\"sieve\">\n<button>%s</button>\n</form>\n",
	    prefix, web_text(in, "For which program, on which device?"),
	    web_text(in, "Make an app password"));
	buf_printf(out,
	    "<form method=\"post\" action=\"%s/auth/tokens/add\" class=\"line\">\n<label>%s\n"
	    "<input name=\"name\" maxlength=\"60\" required></label>\n<button>%s</button>\n</form>\n"
	    "</section>\n",
	    prefix, web_text(in, "A token for a program that speaks JMAP"), web_text(in, "Make a token"));
}

static void put_second(
    struct buf *out, const char *prefix, enum web_language in, const struct json_value *state)
{
	bool codes = json_true_of(state, "codes"), second = json_true_of(state, "secondFactor");
	begin_section(out, in, "second", "Two-step sign-in");
	buf_printf(out, "<p>%s</p>\n",
	    web_text(in, second ? "It is on: your password is the first step, and opens nothing else. Mail "
	                          "programs use app passwords."
	                        : "It is off: whoever has your password has your mail."));
	if (codes)
		put_button(out, prefix, in, "/auth/codes/remove", 0, "Switch codes off", NULL);
	else
		put_button(out, prefix, in, "/auth/codes/begin", 0,
		    "Set up codes of an authenticator program", NULL);
	if (second) {
		buf_printf(out, "<p>%s%lld</p>\n", web_text(in, "Recovery codes that are left: "),
		    (long long)json_number_of(state, "recoveryCodes"));
		put_button(out, prefix, in, "/auth/recovery/make", 0, "Make new recovery codes", NULL);
	}
	buf_append_string(out, "</section>\n");
}

static void put_passkeys(
    struct buf *out, const char *prefix, enum web_language in, const struct json_value *state)
{
	begin_section(out, in, "passkeys", "Passkeys");
	buf_printf(out, "<p class=\"quiet\">%s</p>\n<ul class=\"rows\">\n",
	    web_text(in, "Sign in with your device’s lock, or with a key of hardware. The first one switches "
	                 "two-step sign-in on."));
	for (const struct json_value *p = list_of(state, "passkeys"); p; p = p->next) {
		buf_append_string(out, "<li><div><strong>");
		web_html_text(out, json_text_of(p, "name"));
		buf_append_string(out, "</strong><br><span class=\"quiet\">");
		web_html_text(out, json_text_of(p, "site"));
		put_last_used(out, in, p);
		put_button(out, prefix, in, "/auth/passkeys/remove", json_number_of(p, "id"), "Remove",
		    "Remove this passkey");
		buf_append_string(out, "</li>\n");
	}
	buf_printf(out,
	    "</ul>\n<form class=\"line passkey\" data-passkey=\"add\" data-cancelled=\"%s\" "
	    "data-failed=\"%s\" data-exists=\"%s\" data-added=\"%s\" data-done=\"%s\" hidden>\n",
	    web_text(in, "No passkey was used: it was cancelled, or took too long."),
	    web_text(in, "That did not work. Nothing was changed."),
	    web_text(in, "This device has a passkey for this account already."),
	    web_text(in,
	        "The passkey is added. Each of these recovery codes signs you in once, when you have "
	        "no passkey. Keep them where you find them then: they are not shown again."),
	    web_text(in, "Back to the account"));
	buf_printf(out,
	    "<label>%s\n<input name=\"name\" maxlength=\"60\" required></label>\n<button>%s</button>\n"
	    "<p class=\"problem\" role=\"alert\" hidden></p></form>\n<noscript><p "
	    "class=\"quiet\">%s</p></noscript>\n</section>\n",
	    web_text(in, "A name for the new passkey"), web_text(in, "Add a passkey"),
	    web_text(in, "Passkeys need a script, which your browser does not run."));
}

/* Its address goes along, so that programs which keep passwords know whose it is. */
static void put_password(struct buf *out, const char *prefix, enum web_language in, struct view address)
{
	begin_section(out, in, "password", "Password");
	buf_printf(out,
	    "<form method=\"post\" action=\"%s/auth/password\">\n<input name=\"username\" "
	    "autocomplete=\"username\" hidden readonly value=\"",
	    prefix);
	web_html_text(out, address);
	buf_printf(out,
	    "\">\n<label>%s\n<input name=\"current\" type=\"password\" dir=\"ltr\" "
	    "autocomplete=\"current-password\" required></label>\n",
	    web_text(in, "The password until now"));
	buf_printf(out,
	    "<label>%s\n<input name=\"new\" type=\"password\" dir=\"ltr\" autocomplete=\"new-password\" "
	    "minlength=\"10\" required></label>\n<button>%s</button>\n<p class=\"quiet\">%s</p>\n</form>\n"
	    "</section>\n",
	    web_text(in, "A new one, of 10 characters or more"), web_text(in, "Change it"),
	    web_text(in, "All other sessions end, and mail programs have to sign in anew."));
}

void web_auth_page_account(struct web_exchange *e, const struct web_auth_page *page)
{
	struct buf out;
	struct arena arena;
	struct json_value state = {.kind = JSON_NULL};
	enum web_language in = web_language_of(e);
	const char *prefix = web_exchange_prefix(e);
	arena_init(&arena, ARENA_MAX);
	buf_init(&out, PAGE_MAX);
	if (json_parse(page->text, &arena, &state) != 0) {
		web_exchange_unavailable(e);
	} else {
		web_html_begin(&out, in, "Your account", "passkey.js");
		buf_append_string(&out, "<p class=\"who\">");
		web_html_text(&out, json_text_of(&state, "address"));
		buf_append_string(&out, "</p>\n");
		put_sessions(&out, prefix, in, &state);
		put_apps(&out, prefix, in, &state);
		put_second(&out, prefix, in, &state);
		put_passkeys(&out, prefix, in, &state);
		put_password(&out, prefix, in, json_text_of(&state, "address"));
		web_html_end(&out);
		web_html_reply(e, page->status, &out);
	}
	buf_done(&out);
	arena_done(&arena);
}
