#include "script_world.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "sieve/sieve_program.h"

struct script {
	char name[SCRIPT_NAME_MAX];
	size_t name_len;
	uint64_t number;
	char *text;
	size_t len;
};

struct script_world {
	struct script scripts[SCRIPT_COUNT_MAX];
	size_t count;
	uint64_t active, last_number;
	struct buf text; /* of pieces */
	int error;
	bool cut;

	unsigned type; /* of the question under way; 0: none */
	uint32_t request;
	struct view name, to; /* its names */
	char names[2 * SCRIPT_NAME_MAX];
	uint64_t size;

	void (*say)(void *arg, uint32_t request, unsigned type, const void *answer);
	void *arg;
};

struct script_world *script_world_new(void)
{
	struct script_world *w = mem_alloc(sizeof *w);
	buf_init(&w->text, SCRIPT_SIZE_MAX + 1);
	return w;
}

void script_world_free(struct script_world *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->count; i++)
		mem_free(w->scripts[i].text);
	buf_done(&w->text);
	mem_free(w);
}

void script_world_fail(struct script_world *w, int error)
{
	w->error = error;
}

void script_world_cut(struct script_world *w)
{
	w->cut = true;
}

void script_world_close(struct script_world *w)
{
	w->type = 0;
	buf_done(&w->text);
}

static struct script *find(struct script_world *w, struct view name)
{
	for (size_t i = 0; i < w->count; i++)
		if (view_equal(view_of(w->scripts[i].name, w->scripts[i].name_len), name))
			return &w->scripts[i];
	return NULL;
}

static void set_name(struct script *script, struct view name)
{
	script->name_len = name.len;
	memcpy(script->name, name.data, name.len);
}

/* ---- questions ---- */

static void keep_names(struct script_world *w, struct view name, struct view to)
{
	memcpy(w->names, name.len ? name.data : "", name.len);
	memcpy(w->names + SCRIPT_NAME_MAX, to.len ? to.data : "", to.len);
	w->name = view_of(w->names, name.len);
	w->to = view_of(w->names + SCRIPT_NAME_MAX, to.len);
}

void script_world_ask(struct script_world *w, uint32_t request, unsigned type, const void *question)
{
	const struct view none = {0};
	if (type == SCRIPT_PIECE) {
		buf_append(&w->text, ((const struct script_piece *)question)->bytes);
		return;
	}
	w->type = type;
	w->request = request;
	keep_names(w, none, none);
	if (type == SCRIPT_GET)
		keep_names(w, ((const struct script_get *)question)->name, none);
	else if (type == SCRIPT_PUT)
		keep_names(w, ((const struct script_put *)question)->name, none);
	else if (type == SCRIPT_ACTIVATE)
		keep_names(w, ((const struct script_activate *)question)->name, none);
	else if (type == SCRIPT_REMOVE)
		keep_names(w, ((const struct script_remove *)question)->name, none);
	else if (type == SCRIPT_RENAME)
		keep_names(w, ((const struct script_rename *)question)->name,
		    ((const struct script_rename *)question)->to);
	else if (type == SCRIPT_SPACE)
		keep_names(w, ((const struct script_space *)question)->name, none);
	w->size = type == SCRIPT_SPACE ? ((const struct script_space *)question)->size : 0;
}

/* ---- answers ---- */

static void say(struct script_world *w, unsigned type, const void *answer)
{
	w->say(w->arg, w->request, type, answer);
}

static int compile(struct script_world *w)
{
	static struct sieve_errors errors;
	struct arena arena;
	struct sieve_program program;
	struct sieve_language language = {0};
	arena_init(&arena, SIEVE_COMPILE_MEMORY_MAX);
	sieve_errors_init(&errors);
	bool good = sieve_compile(buf_view(&w->text), &language, &arena, &errors, &program);
	for (size_t i = 0; i < errors.count; i++)
		say(w, SCRIPT_COMPLAINT,
		    &(struct script_complaint){.line = errors.items[i].place.line,
		        .column = errors.items[i].place.column,
		        .text = errors.items[i].text});
	/* The compiler warns of nothing: this stands for what the server may add. */
	if (good && memmem(w->text.data, buf_view(&w->text).len, "# warn", 6))
		say(w, SCRIPT_COMPLAINT,
		    &(struct script_complaint){
		        .line = 1, .column = 1, .warning = 1, .text = VIEW("you asked to be warned.")});
	sieve_errors_done(&errors);
	arena_done(&arena);
	return good ? 0 : -ENOEXEC;
}

static int space(struct script_world *w, uint64_t size)
{
	uint64_t all = size;
	for (size_t i = 0; i < w->count; i++)
		all += w->scripts[i].len;
	const struct script *old = find(w, w->name);
	if (size > SCRIPT_SIZE_MAX)
		return -EFBIG;
	if (old == NULL && w->count == SCRIPT_COUNT_MAX)
		return -EMLINK;
	return all - (old ? old->len : 0) > SCRIPT_BYTES_MAX ? -EDQUOT : 0;
}

static int put(struct script_world *w)
{
	struct view text = buf_view(&w->text);
	int error = compile(w);
	if (error == 0)
		error = space(w, text.len);
	if (error)
		return error;
	struct script *script = find(w, w->name);
	if (script == NULL) {
		script = &w->scripts[w->count++];
		*script = (struct script){.number = ++w->last_number};
		set_name(script, w->name);
	}
	mem_free(script->text);
	script->text = mem_string(text);
	script->len = text.len;
	return 0;
}

static void say_entry(struct script_world *w, const struct script *script)
{
	say(w, SCRIPT_ENTRY,
	    &(struct script_entry){.number = script->number,
	        .active = script->number == w->active,
	        .size = script->len,
	        .name = view_of(script->name, script->name_len)});
}

static int get(struct script_world *w)
{
	const struct script *script = find(w, w->name);
	if (script == NULL)
		return -ENOENT;
	say_entry(w, script);
	/* In pieces of some octets, as a large one comes. */
	struct view text = view_of(script->text, script->len - w->cut);
	w->cut = false;
	do {
		struct view piece = view_take(text, 1000);
		text = view_skip(text, 1000);
		say(w, SCRIPT_BYTES, &(struct script_bytes){.bytes = piece, .last = text.len == 0});
	} while (text.len);
	return 0;
}

static int activate(struct script_world *w)
{
	const struct script *script = find(w, w->name);
	if (w->name.len && script == NULL)
		return -ENOENT;
	w->active = script ? script->number : 0;
	return 0;
}

static int take_away(struct script_world *w)
{
	struct script *script = find(w, w->name);
	if (script == NULL)
		return -ENOENT;
	if (script->number == w->active)
		return -EBUSY;
	mem_free(script->text);
	*script = w->scripts[--w->count];
	return 0;
}

static int change_name(struct script_world *w)
{
	struct script *script = find(w, w->name);
	if (script == NULL)
		return -ENOENT;
	if (find(w, w->to))
		return -EEXIST;
	set_name(script, w->to);
	return 0;
}

static int carry_out(struct script_world *w)
{
	switch (w->type) {
	case SCRIPT_LIST:
		for (size_t i = 0; i < w->count; i++)
			say_entry(w, &w->scripts[i]);
		return 0;
	case SCRIPT_GET:
		return get(w);
	case SCRIPT_PUT:
		return put(w);
	case SCRIPT_CHECK:
		return compile(w);
	case SCRIPT_ACTIVATE:
		return activate(w);
	case SCRIPT_REMOVE:
		return take_away(w);
	case SCRIPT_RENAME:
		return change_name(w);
	case SCRIPT_SPACE:
		return space(w, w->size);
	default:
		return -EOPNOTSUPP;
	}
}

bool script_world_answer(struct script_world *w,
    void (*hear)(void *arg, uint32_t request, unsigned type, const void *answer), void *arg)
{
	if (w->type == 0)
		return false;
	w->say = hear;
	w->arg = arg;
	int error = w->error;
	w->error = 0;
	if (error == 0)
		error = carry_out(w);
	if (w->type == SCRIPT_PUT || w->type == SCRIPT_CHECK)
		buf_done(&w->text);
	w->type = 0;
	say(w, MAIL_DONE, &(struct mail_done){.error = error});
	return true;
}

void script_world_show(const struct script_world *w, struct buf *out)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct script *script = &w->scripts[i];
		buf_append(out, view_of(script->name, script->name_len));
		buf_append_string(out, script->number == w->active ? " (active): " : ": ");
		buf_append(out, view_of(script->text, script->len));
		buf_append_byte(out, '\n');
	}
}
