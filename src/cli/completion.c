/* Reads the texts on how commands are used, for the completion of shells: see completion.h. */
#include "cli/completion.h"

#include <string.h>

#include "base/view.h"

/* A word of a text on usage, without the brackets around it: "--quota", "SIZE", "on|off". */
struct token {
	struct view text;
};

enum { TOKENS_MAX = 96 }; /* of one line; the longest has some 50 */

struct line {
	struct token tokens[TOKENS_MAX];
	size_t count;
	bool repeats; /* the last place may be filled again and again */
	bool same;    /* "the same options": those of the command's other lines */
};

struct search {
	const struct cli_command *command;
	const char *const *words; /* behind the command's name */
	size_t count;
	const char *typed; /* the last of them */
	struct buf *out;
	unsigned kinds;
};

static bool is_option(struct view text)
{
	return text.len > 2 && text.data[0] == '-' && text.data[1] == '-';
}

static bool is_small(struct view text)
{
	return text.len && ((text.data[0] >= 'a' && text.data[0] <= 'z') || text.data[0] == '+');
}

bool completion_is_plain(struct view name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		bool always = ascii_is_alnum(c) || (unsigned char)c >= 0x80 || strchr("@._/:%", c);
		if (c == '\0' || (!always && (i == 0 || !strchr("+-=", c))))
			return false;
	}
	return name.len > 0;
}

static void offer(struct search *s, struct view word)
{
	size_t len = strlen(s->typed);
	if (word.len < len || memcmp(word.data, s->typed, len) != 0)
		return;
	/* A word stands once, though several lines have it. */
	struct view all = buf_view(s->out), rest = all, line;
	while (rest.len && view_next(&rest, '\n', &line))
		if (view_equal(line, word))
			return;
	if (all.len + word.len + 1 <= s->out->max) {
		(void)buf_append(s->out, word);
		(void)buf_append_byte(s->out, '\n');
	}
}

/* ---- reading ---- */

static struct view trimmed(struct view text)
{
	while (text.len && text.data[0] == ' ')
		text = (struct view){text.data + 1, text.len - 1};
	return text;
}

static bool begins(struct view text, const char *with)
{
	return text.len >= strlen(with) && memcmp(text.data, with, strlen(with)) == 0;
}

static bool is_for_people(struct view text, size_t at)
{
	char c = text.data[at];
	/* "success,failure" is one word, "--enable, --disable" are two. */
	if (c == ',')
		return at + 1 == text.len || text.data[at + 1] == ' ';
	return c == '[' || c == ']' || c == '(' || c == ')' || c == '\'' || c == ' ' || c == '.';
}

/* Adds the words of a part of a text. Dots behind a word say that it may stand again. */
static void read_tokens(struct line *line, struct view text)
{
	static const char same[] = "the same options";
	size_t at = 0;
	while (at < text.len) {
		size_t begin = at;
		if (begins(view_skip(text, at), same)) {
			line->same = true;
			at += sizeof same - 1;
			continue;
		}
		while (at < text.len && !is_for_people(text, at))
			at++;
		struct view word = {text.data + begin, at - begin};
		if (word.len && line->count < TOKENS_MAX && !view_equal(word, VIEW("|"))) {
			line->tokens[line->count++].text = word;
			line->repeats = false;
		}
		if (at < text.len && text.data[at] == '.')
			line->repeats = true;
		at++;
	}
}

/* A line that explains: "WHICH: ...", "TIME is ...". Other lines go on with a usage: "[--on]", "--off". */
static bool explains(struct view text)
{
	return text.len && !begins(text, "[") && !begins(text, "-") && !begins(text, "postrider ");
}

/* Takes the next way of use off the text, lines that go on with it included. False at the end. */
static bool next_line(struct view *rest, struct line *line)
{
	struct view part;
	*line = (struct line){0};
	while (rest->len && view_next(rest, '\n', &part)) {
		part = trimmed(part);
		if (explains(part))
			continue;
		read_tokens(line, part);
		if (!begins(trimmed(*rest), "[") && !begins(trimmed(*rest), "-"))
			return true;
	}
	return line->count > 0;
}

/* Whether one of the choices "a|b" is this word. */
static bool has_choice(struct view choices, const char *word)
{
	struct view choice;
	while (choices.len && view_next(&choices, '|', &choice))
		if (view_equal(choice, view_from_string(word)))
			return true;
	return false;
}

/* ---- what can stand at a place ---- */

static unsigned kind_of(const struct search *s, struct view name)
{
	static const struct {
		const char *name;
		unsigned kind;
	} kinds[] = {{"FILE", COMPLETION_FILES}, {"FOLDER", COMPLETION_FILES}, {"PATH", COMPLETION_FILES},
	    {"DIR", COMPLETION_FILES}, {"MESSAGE", COMPLETION_FILES}, {"ADDRESS", COMPLETION_ADDRESSES},
	    {"OWNER", COMPLETION_ADDRESSES}, {"WHO", COMPLETION_ADDRESSES}, {"DOMAIN", COMPLETION_DOMAINS}};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (view_equal(name, view_from_string(kinds[i].name)))
			return kinds[i].kind;
	return view_equal(name, VIEW("NAME")) && strcmp(s->command->name, "domain") == 0 ? COMPLETION_DOMAINS
	                                                                                 : 0;
}

/* The choices of a place, "read|add|RIGHTS": small words stand as they are, others say of what kind it is. */
static void offer_choices(struct search *s, struct view choices)
{
	struct view choice;
	while (choices.len && view_next(&choices, '|', &choice)) {
		if (is_small(choice))
			offer(s, choice);
		else if (!is_option(choice))
			s->kinds |= kind_of(s, choice);
	}
}

static void offer_options(struct search *s, struct view choices)
{
	struct view choice;
	while (choices.len && view_next(&choices, '|', &choice))
		if (is_option(choice))
			offer(s, choice);
}

/* The value of the option that stands at this place of the line, or none. */
static struct view value_of(const struct line *line, size_t at)
{
	bool has = at + 1 < line->count && !is_option(line->tokens[at + 1].text);
	return has ? line->tokens[at + 1].text : VIEW("");
}

/* Whether the line has this option, with a value. An option and a word of a choice are told apart by their
 * marks. */
static bool takes_value(const struct line *line, const char *option, struct view *value)
{
	for (size_t i = 0; i < line->count; i++) {
		struct view text = line->tokens[i].text;
		/* Of "--password-stdin|--generate" or "ADDRESS|--server" only the last choice can have a
		 * value. */
		for (size_t k = text.len; k > 0; k--)
			if (text.data[k - 1] == '|') {
				text = (struct view){text.data + k, text.len - k};
				break;
			}
		if (is_option(text) && view_equal(text, view_from_string(option)) && value_of(line, i).len) {
			*value = value_of(line, i);
			return true;
		}
	}
	return false;
}

/* The place of a plain word, counted from 0 and without options: what the line has there, or "". */
static struct view place_of(const struct line *line, size_t from, size_t number)
{
	struct view last = VIEW("");
	for (size_t i = from; i < line->count; i++) {
		struct view text = line->tokens[i].text;
		if (is_option(text)) {
			i += value_of(line, i).len ? 1 : 0;
			continue;
		}
		if (number-- == 0)
			return text;
		last = text;
	}
	return line->repeats ? last : VIEW("");
}

/* How many plain words stand before the last one, from a place on. */
static size_t plain_words(const struct search *s, const struct line *line, size_t from)
{
	size_t plain = 0;
	struct view value;
	for (size_t i = from; i + 1 < s->count; i++) {
		if (s->words[i][0] != '-')
			plain++;
		else if (strchr(s->words[i], '=') == NULL && takes_value(line, s->words[i], &value))
			i++;
	}
	return plain;
}

/* "postrider NAME [verb] ...": where the words behind the verb begin. */
static bool has_verb(const struct line *line)
{
	return line->count > 2 && is_small(line->tokens[2].text);
}

static bool fits(const struct search *s, const struct line *line)
{
	return !has_verb(line) || (s->count > 1 && has_choice(line->tokens[2].text, s->words[0]));
}

/* The value of the option before the last word, if one of the lines says that it has one. */
static bool use_value(struct search *s)
{
	struct view rest = view_from_string(s->command->usage), value;
	struct line line;
	bool found = false;
	while (s->count >= 2 && next_line(&rest, &line))
		if (takes_value(&line, s->words[s->count - 2], &value)) {
			offer_choices(s, value);
			found = true;
		}
	return found;
}

static void use_line(struct search *s, const struct line *line)
{
	size_t from = has_verb(line) ? 3 : 2;
	if (has_verb(line) && s->count == 1)
		offer_choices(s, line->tokens[2].text);
	if (!fits(s, line))
		return;
	for (size_t i = from; i < line->count && s->typed[0] == '-'; i++)
		offer_options(s, line->tokens[i].text);
	if (s->typed[0] != '-')
		offer_choices(s, place_of(line, from, plain_words(s, line, from - 2)));
}

/* What "the same options" of a line are: those of all lines. */
static void use_all_options(struct search *s)
{
	struct view rest = view_from_string(s->command->usage);
	struct line line;
	while (next_line(&rest, &line))
		for (size_t i = 0; i < line.count; i++)
			offer_options(s, line.tokens[i].text);
}

/* Options that stand in explanations: "WHICH: --sender ADDRESS, --all". */
static void use_explanations(struct search *s)
{
	struct view rest = view_from_string(s->command->usage), part;
	while (rest.len && view_next(&rest, '\n', &part)) {
		struct line line = {0};
		if (!explains(trimmed(part)))
			continue;
		read_tokens(&line, part);
		for (size_t i = 0; i < line.count; i++) {
			struct view text = line.tokens[i].text;
			while (text.len && (text.data[text.len - 1] == ';' || text.data[text.len - 1] == ':'))
				text.len--;
			offer_options(s, text);
		}
	}
}

static void use_command(struct search *s)
{
	struct view rest = view_from_string(s->command->usage);
	struct line line;
	if (use_value(s))
		return;
	while (next_line(&rest, &line)) {
		use_line(s, &line);
		if (line.same && fits(s, &line) && s->typed[0] == '-')
			use_all_options(s);
	}
	if (s->typed[0] != '-')
		return;
	use_explanations(s);
	offer(s, VIEW("--help"));
}

unsigned completion_find(const struct cli_command *commands, size_t command_count, const char *const *words,
    size_t count, struct buf *out)
{
	struct search s = {.out = out};
	/* "--config FILE" may stand before the command. */
	while (count >= 2 && strcmp(words[0], "--config") == 0) {
		if (count == 2)
			return COMPLETION_FILES;
		words += 2;
		count -= 2;
	}
	if (count == 0)
		return 0;
	s.typed = words[count - 1];
	for (size_t i = 0; i < command_count; i++) {
		s.command = &commands[i];
		s.words = words + 1;
		s.count = count - 1;
		if (count == 1)
			offer(&s, view_from_string(commands[i].name));
		else if (strcmp(commands[i].name, words[0]) == 0)
			use_command(&s);
	}
	if (count == 1 && s.typed[0] == '-') {
		offer(&s, VIEW("--config"));
		offer(&s, VIEW("--help"));
		offer(&s, VIEW("--version"));
	}
	return s.kinds;
}
