/* The body test: RFC 5173. */
#include "sieve/sieve_match.h"

/* Which part of the body is looked at, and how: section 5. Without a tag it is :text. */
static const struct sieve_tag body_tags[] = {
    {"raw", SIEVE_X_BODY, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"content", SIEVE_X_BODY, 1, {"content types", SIEVE_STRING_LIST, SIEVE_USE_TEXT}, false},
    {"text", SIEVE_X_BODY, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
};

enum { RAW, CONTENT, TEXT };

/* Section 5.2: "" is every part, "text" a main type, "text/html" one type; what has no such form is none. */
static bool is_content(const struct mime_part *part, struct view content)
{
	ptrdiff_t slash = view_find(content, '/');

	if (view_empty(content))
		return true;
	if (slash < 0)
		return view_equal_nocase(part->type.type, content);
	if (slash != view_find_last(content, '/') || (size_t)slash + 1 == content.len)
		return false;
	return view_equal_nocase(part->type.type, view_take(content, (size_t)slash)) &&
	       view_equal_nocase(part->type.subtype, view_skip(content, (size_t)slash + 1));
}

static bool is_wanted(const struct mime_part *part, const struct view *contents, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_content(part, contents[i]))
			return true;
	return false;
}

/* Without memory: nothing, and the run ends where it asks for some next. */
static struct view between(const struct sieve_matching *m, uint64_t from, uint64_t to)
{
	struct view octets;

	return to > from && sieve_message_range(m->run->message, from, to, &octets) == 0 ? octets
	                                                                                 : (struct view){0};
}

/* Without the blank line that ends it. */
static struct view header_of(struct view text)
{
	if (text.len >= 4 && view_equal(view_skip(text, text.len - 4), VIEW("\r\n\r\n")))
		return view_take(text, text.len - 2);
	return text;
}

/* Without the boundary that ends the text before a multipart's first part. */
static struct view prologue(struct view text)
{
	size_t end = text.len;

	while (end > 0 &&
	       !(view_starts(view_skip(text, end), VIEW("--")) && (end == 0 || text.data[end - 1] == '\n')))
		end--;
	return view_take(text, end);
}

/* Without the boundary that the text behind the last part begins with. */
static struct view epilogue(struct view text)
{
	ptrdiff_t start = view_find(text, '-'), end;

	if (start < 0)
		return text;
	end = view_find(view_skip(text, (size_t)start), '\n');
	return end < 0 ? (struct view){0} : view_skip(text, (size_t)start + (size_t)end + 1);
}

/* Of multiparts what stands before the first part and behind the last one, of messages their header, of other
 * parts what they hold. */
static enum sieve_truth match_part(struct sieve_matching *m, const struct mime_tree *tree, size_t i)
{
	const struct mime_part *part = &tree->parts[i], *last;
	int child = mime_first_child(tree, i);
	enum sieve_truth truth;
	struct view text;

	if (child < 0) {
		if (sieve_message_part(m->run->message, i, &text) != 0)
			return sieve_run_no_memory(m->run);
		return sieve_matching_value(m, text);
	}
	last = &tree->parts[child];
	if (last->is_message)
		return sieve_matching_value(m, header_of(between(m, last->header_offset, last->body_offset)));
	truth = sieve_matching_value(m, prologue(between(m, part->body_offset, last->header_offset)));
	if (truth != SIEVE_FALSE)
		return truth;
	for (; child >= 0; child = mime_next_sibling(tree, (size_t)child))
		last = &tree->parts[child];
	return sieve_matching_value(
	    m, epilogue(between(m, last->body_offset + last->body_len, part->body_offset + part->body_len)));
}

static enum sieve_truth match_parts(struct sieve_matching *m, const struct view *contents, size_t count)
{
	enum sieve_truth truth = SIEVE_FALSE;
	const struct mime_tree *tree;

	if (!sieve_run_work(m->run, sieve_message_size(m->run->message) / 64 + 1))
		return SIEVE_BROKEN;
	if (sieve_message_tree(m->run->message, &tree) != 0)
		return sieve_run_no_memory(m->run);
	for (size_t i = 0; i < tree->count && truth == SIEVE_FALSE; i++)
		if (is_wanted(&tree->parts[i], contents, count))
			truth = match_part(m, tree, i);
	return truth;
}

/* Section 5.3: what a person reads, without the markup of HTML. */
static enum sieve_truth match_texts(struct sieve_matching *m)
{
	enum sieve_truth truth = SIEVE_FALSE;
	const struct mime_tree *tree;

	if (!sieve_run_work(m->run, sieve_message_size(m->run->message) / 64 + 1))
		return SIEVE_BROKEN;
	if (sieve_message_tree(m->run->message, &tree) != 0)
		return sieve_run_no_memory(m->run);
	for (size_t i = 0; i < tree->count && truth == SIEVE_FALSE; i++) {
		struct view text;
		bool is_text;

		if (sieve_message_part_text(m->run->message, i, &text, &is_text) != 0)
			return sieve_run_no_memory(m->run);
		if (is_text)
			truth = sieve_matching_value(m, text);
	}
	return truth;
}

static enum sieve_truth match_raw(struct sieve_matching *m)
{
	struct view body;

	if (sieve_message_body(m->run->message, &body) != 0)
		return sieve_run_no_memory(m->run);
	return sieve_matching_value(m, body);
}

static enum sieve_truth test_body(struct sieve_run *run, const struct sieve_step *step)
{
	const struct sieve_value *content = sieve_tag(step, CONTENT);
	struct view *contents = arena_array(run->arena, content->count + 1, sizeof(*contents));
	struct sieve_matching m;
	enum sieve_truth truth;
	struct view body;

	if (!contents || sieve_message_body(run->message, &body) != 0)
		return sieve_run_no_memory(run);
	if (!sieve_matching_begin(&m, run, step, sieve_positional(step, 0)))
		return SIEVE_BROKEN;
	m.silent = true; /* section 6 */
	if (!body.data)  /* section 4: nothing is not even an empty text */
		return sieve_matching_end(&m);
	for (uint32_t i = 0; i < content->count; i++)
		if (!sieve_run_text(run, content->strings[i], &contents[i]))
			return SIEVE_BROKEN;
	if (sieve_tag(step, RAW)->kind != SIEVE_ABSENT)
		truth = match_raw(&m);
	else if (content->kind != SIEVE_ABSENT)
		truth = match_parts(&m, contents, content->count);
	else
		truth = match_texts(&m);
	return truth == SIEVE_FALSE ? sieve_matching_end(&m) : truth;
}

static const struct sieve_word words[] = {
    {.name = "body",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_BODY,
        .positionals = {{"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .tags = body_tags,
        .tag_count = sizeof(body_tags) / sizeof(body_tags[0]),
        .has = SIEVE_HAS_MATCH,
        .test = test_body},
};
const struct sieve_words sieve_x_body = {words, sizeof(words) / sizeof(words[0])};
