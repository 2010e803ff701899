/*
 * The steps of RFC 5256 section 3, REFERENCES. No step recurses: a chain of answers is as long as its writers
 * like. Hashes that strangers choose are found in a table that is keyed with a secret of this process.
 */
#include "query/query_thread.h"

#include "base/map.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Before a message with answers is put below another one, that one's ancestors are looked through for
	   it. A chain that goes further up is cut there: nobody reads a thread of so many levels. */
	ANCESTORS_MAX = 1000,
	REFERENCES_MAX = 64 /* of one message: store keeps fewer */
};

struct item {
	int64_t date;
	uint32_t previous; /* sibling; 0: the first one */
	uint64_t subject;  /* hash of the base subject; 0: it is empty */
	bool is_answer, has_parent;
};

struct table {
	struct slot {
		uint64_t hash;
		uint32_t node;
	} * slots;
	size_t count, room; /* room: a power of two */
};

struct query_thread {
	enum query_thread_by by;
	struct query_node *nodes;
	struct item *items; /* beside the nodes */
	uint32_t count, room;
	struct table table; /* by hashes of identifiers; then of subjects */
	uint64_t secret;    /* odd */
	/* For sorting. */
	struct sorted {
		int64_t date;
		uint32_t number, node;
	} * sorted;
};

struct query_thread *query_thread_new(enum query_thread_by by)
{
	struct query_thread *t = mem_alloc(sizeof(*t));

	t->by = by;
	t->secret = map_hash(VIEW("threads")) | 1;
	return t;
}

void query_thread_free(struct query_thread *t)
{
	if (!t)
		return;
	mem_free(t->nodes);
	mem_free(t->items);
	mem_free(t->table.slots);
	mem_free(t->sorted);
	mem_free(t);
}

uint64_t query_thread_wants(const struct query_thread *t)
{
	return MAIL_WANT_DATES | MAIL_WANT_ORDER |
	       (t->by == QUERY_THREAD_ORDEREDSUBJECT ? 0 : MAIL_WANT_REFERENCES);
}

/* ---- the table ---- */

static size_t slot_of(const struct query_thread *t, uint64_t hash)
{
	size_t at = (size_t)((hash * t->secret) >> 32) & (t->table.room - 1);

	while (t->table.slots[at].node && t->table.slots[at].hash != hash)
		at = (at + 1) & (t->table.room - 1);
	return at;
}

static int grow_table(struct query_thread *t)
{
	struct table old = t->table;
	size_t room = old.room ? old.room * 2 : 1024;

	if (old.count * 2 < old.room)
		return 0;
	t->table.slots = mem_try(room * sizeof(*old.slots));
	if (!t->table.slots) {
		t->table = old;
		return -ENOMEM;
	}
	memset(t->table.slots, 0, room * sizeof(*old.slots));
	t->table.room = room;
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i].node)
			t->table.slots[slot_of(t, old.slots[i].hash)] = old.slots[i];
	mem_free(old.slots);
	return 0;
}

/* ---- nodes ---- */

static int new_node(struct query_thread *t, uint32_t number, uint32_t *node)
{
	if (t->count == t->room) {
		uint32_t room = t->room ? t->room * 2 : 1024;
		struct query_node *nodes = mem_try_resize(t->nodes, room * sizeof(*nodes));
		struct item *items = nodes ? mem_try_resize(t->items, room * sizeof(*items)) : NULL;

		if (nodes)
			t->nodes = nodes;
		if (!items)
			return -ENOMEM;
		t->items = items;
		t->room = room;
	}
	t->nodes[t->count] = (struct query_node){.number = number};
	t->items[t->count] = (struct item){0};
	*node = t->count++;
	return 0;
}

/* Children are kept in no order until they are sorted. */
static void attach(struct query_thread *t, uint32_t parent, uint32_t child)
{
	uint32_t next = t->nodes[parent].child;

	t->nodes[child].parent = parent;
	t->nodes[child].next = next;
	t->items[child].previous = 0;
	if (next)
		t->items[next].previous = child;
	t->nodes[parent].child = child;
}

static void detach(struct query_thread *t, uint32_t child)
{
	uint32_t previous = t->items[child].previous, next = t->nodes[child].next;

	if (previous)
		t->nodes[previous].next = next;
	else
		t->nodes[t->nodes[child].parent].child = next;
	if (next)
		t->items[next].previous = previous;
	t->nodes[child].next = 0;
	t->nodes[child].parent = 0;
}

/* Whether `node` is the other one, or above it; or too far up to be told. */
static bool is_above(const struct query_thread *t, uint32_t node, uint32_t other)
{
	if (node == other)
		return true;
	if (t->nodes[node].child == 0)
		return false;
	for (unsigned n = 0; n < ANCESTORS_MAX; n++) {
		if (!t->items[other].has_parent)
			return false;
		other = t->nodes[other].parent;
		if (other == node)
			return true;
	}
	return true;
}

static void link_nodes(struct query_thread *t, uint32_t parent, uint32_t child)
{
	if (is_above(t, child, parent))
		return;
	if (t->items[child].has_parent)
		detach(t, child);
	attach(t, parent, child);
	t->items[child].has_parent = true;
}

/* The node of an identifier; a dummy is made where there is none. */
static int node_of(struct query_thread *t, uint64_t hash, uint32_t *node)
{
	int r = grow_table(t);
	size_t at;

	if (r)
		return r;
	at = slot_of(t, hash);
	*node = t->table.slots[at].node;
	if (*node)
		return 0;
	r = new_node(t, 0, node);
	if (r == 0) {
		t->table.slots[at] = (struct slot){hash, *node};
		t->table.count++;
	}
	return r;
}

/* ---- adding: step 1 ---- */

static struct item describe(const struct mail_message *m)
{
	return (struct item){.date = m->order.dated ? m->order.sent : m->internaldate,
	    .subject = m->order.subject,
	    .is_answer = m->order.answer};
}

/* The message's own node: a dummy that waited for it, or a new one. */
static int own_node(struct query_thread *t, uint64_t id, uint32_t number, uint32_t *node)
{
	uint32_t found = 0;
	int r = id ? node_of(t, id, &found) : 0;

	if (r)
		return r;
	if (found && t->nodes[found].number == 0) {
		t->nodes[found].number = number;
		*node = found;
		return 0;
	}
	return new_node(t, number, node); /* no identifier, or another message has it */
}

static int add_references(struct query_thread *t, uint32_t node, struct cursor refs)
{
	uint64_t hashes[REFERENCES_MAX];
	uint32_t parent = 0, next;
	size_t count = 0;

	while (count < REFERENCES_MAX && !cursor_at_end(&refs))
		hashes[count++] = cursor_u64(&refs);
	for (; count > 0; count--) { /* they come nearest first */
		int r = node_of(t, hashes[count - 1], &next);

		if (r)
			return r;
		if (parent && !t->items[next].has_parent)
			link_nodes(t, parent, next);
		parent = next;
	}
	/* Step 1 (B): its own references count more than what others say of it, and so the old link is
	   broken even where the new one would close a circle, and is not made. */
	if (t->items[node].has_parent) {
		detach(t, node);
		t->items[node].has_parent = false;
	}
	if (parent)
		link_nodes(t, parent, node);
	return 0;
}

int query_thread_add(struct query_thread *t, uint32_t number, const struct mail_message *m)
{
	struct cursor refs = cursor_on(m->references);
	struct item item = describe(m);
	uint32_t node;
	uint64_t id;
	int r = 0;

	if (t->count == 0)
		r = new_node(t, 0, &node); /* the root */
	if (r)
		return r;
	if (t->by == QUERY_THREAD_ORDEREDSUBJECT) {
		r = new_node(t, number, &node);
		if (r == 0)
			t->items[node] = item;
		return r;
	}
	id = cursor_u64(&refs);
	r = own_node(t, cursor_ok(&refs) ? id : 0, number, &node);
	if (r)
		return r;
	item.has_parent = t->items[node].has_parent;
	item.previous = t->items[node].previous;
	t->items[node] = item;
	return cursor_ok(&refs) ? add_references(t, node, refs) : 0;
}

/* ---- ending ---- */

static int compare_sorted(const void *x, const void *y)
{
	const struct sorted *a = x, *b = y;

	if (a->date != b->date)
		return a->date < b->date ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* A dummy goes by its first child (step 4), which is sorted already where order matters. */
static uint32_t speaker(const struct query_thread *t, uint32_t node)
{
	while (t->nodes[node].number == 0 && t->nodes[node].child)
		node = t->nodes[node].child;
	return node;
}

static void relink(struct query_thread *t, uint32_t parent, size_t count)
{
	uint32_t *at = &t->nodes[parent].child, previous = 0;

	for (size_t i = 0; i < count; i++) {
		*at = t->sorted[i].node;
		t->items[*at].previous = previous;
		previous = *at;
		at = &t->nodes[*at].next;
	}
	*at = 0;
}

/* by_own_date: of a dummy too. */
static void sort_children(struct query_thread *t, uint32_t parent, bool by_own_date)
{
	size_t n = 0;
	bool in_order = true;

	for (uint32_t child = t->nodes[parent].child; child; child = t->nodes[child].next) {
		uint32_t first = speaker(t, child);

		t->sorted[n] = (struct sorted){
		    t->items[by_own_date ? child : first].date, t->nodes[first].number, child};
		if (n > 0 && compare_sorted(&t->sorted[n - 1], &t->sorted[n]) > 0)
			in_order = false;
		n++;
	}
	if (in_order)
		return;
	qsort(t->sorted, n, sizeof(*t->sorted), compare_sorted);
	relink(t, parent, n);
}

/* The node that comes after `node` when all below `top` are visited, children before their parents; 0: none.
 */
static uint32_t deepest(const struct query_thread *t, uint32_t node)
{
	while (t->nodes[node].child)
		node = t->nodes[node].child;
	return node;
}

static uint32_t next_upward(const struct query_thread *t, uint32_t node)
{
	return t->nodes[node].next ? deepest(t, t->nodes[node].next) : t->nodes[node].parent;
}

/* Step 6: children at each level, the lowest first, since dummies go by theirs. Sorting changes only what is
 * below the node that is visited. */
static void sort_all(struct query_thread *t)
{
	for (uint32_t node = deepest(t, 0); node != 0; node = next_upward(t, node))
		sort_children(t, node, false);
	sort_children(t, 0, false);
}

/* Step 2. */
static void gather_roots(struct query_thread *t)
{
	for (uint32_t node = t->count; node-- > 1;)
		if (!t->items[node].has_parent)
			attach(t, 0, node);
}

/*
 * Step 3: dummies without children go; children of others are raised into their place, but not to the top,
 * unless there is only one. Children are done before their parents.
 */
static void prune(struct query_thread *t)
{
	uint32_t node = deepest(t, 0), next;

	for (; node != 0; node = next) {
		uint32_t parent = t->nodes[node].parent, child = t->nodes[node].child;

		next = next_upward(t, node);
		if (t->nodes[node].number != 0 || (child && parent == 0 && t->nodes[child].next))
			continue;
		detach(t, node);
		while ((child = t->nodes[node].child)) {
			detach(t, child);
			attach(t, parent, child);
		}
	}
}

static void clear_table(struct query_thread *t)
{
	t->table.count = 0;
	if (t->table.slots)
		memset(t->table.slots, 0, t->table.room * sizeof(*t->table.slots));
}

/* Step 5 B: for each subject the thread that others with it are joined to. */
static int choose_threads(struct query_thread *t)
{
	for (uint32_t node = t->nodes[0].child; node; node = t->nodes[node].next) {
		const struct item *item = &t->items[speaker(t, node)], *chosen;
		struct slot *slot;
		int r = grow_table(t);

		if (r)
			return r;
		if (!item->subject)
			continue;
		slot = &t->table.slots[slot_of(t, item->subject)];
		if (!slot->node) {
			*slot = (struct slot){item->subject, node};
			t->table.count++;
			continue;
		}
		chosen = &t->items[speaker(t, slot->node)];
		if (t->nodes[slot->node].number != 0 &&
		    (t->nodes[node].number == 0 || (chosen->is_answer && !item->is_answer)))
			slot->node = node;
	}
	return 0;
}

static void raise_children(struct query_thread *t, uint32_t from, uint32_t to)
{
	uint32_t child;

	while ((child = t->nodes[from].child)) {
		detach(t, child);
		attach(t, to, child);
	}
}

/* Step 5 C, of one thread and the one that was chosen for its subject. */
static int join(struct query_thread *t, struct slot *slot, uint32_t node)
{
	uint32_t chosen = slot->node, dummy;
	bool chosen_is_dummy = t->nodes[chosen].number == 0, is_dummy = t->nodes[node].number == 0;
	int r;

	detach(t, node);
	if (chosen_is_dummy && is_dummy) {
		raise_children(t, node, chosen);
		return 0;
	}
	if (chosen_is_dummy ||
	    (t->items[speaker(t, node)].is_answer && !t->items[speaker(t, chosen)].is_answer)) {
		attach(t, chosen, node);
		return 0;
	}
	r = new_node(t, 0, &dummy);
	if (r)
		return r;
	detach(t, chosen);
	attach(t, dummy, chosen);
	attach(t, dummy, node);
	attach(t, 0, dummy);
	slot->node = dummy;
	return 0;
}

/* Step 5. The roots are sorted already, and stay so: what is joined to is not moved but for a dummy over it.
 */
static int join_by_subject(struct query_thread *t)
{
	uint32_t node, next;
	int r;

	clear_table(t);
	r = choose_threads(t);
	for (node = t->nodes[0].child; node && r == 0; node = next) {
		uint64_t subject = t->items[speaker(t, node)].subject;
		struct slot *slot;

		next = t->nodes[node].next;
		if (!subject)
			continue;
		slot = &t->table.slots[slot_of(t, subject)];
		if (slot->node == node)
			continue;
		if (next == slot->node) /* a dummy over it goes to the front */
			next = t->nodes[next].next;
		r = join(t, slot, node);
	}
	return r;
}

/* ORDEREDSUBJECT: the first of those with the same subject is the parent of the others. */
static int thread_by_subject(struct query_thread *t)
{
	uint32_t node, next;

	gather_roots(t);
	sort_children(t, 0, false);
	for (node = t->nodes[0].child; node; node = next) {
		struct slot *slot;
		int r = grow_table(t);

		if (r)
			return r;
		next = t->nodes[node].next;
		slot = &t->table.slots[slot_of(t, t->items[node].subject)];
		if (slot->node) {
			detach(t, node);
			attach(t, slot->node, node);
		} else {
			*slot = (struct slot){t->items[node].subject, node};
			t->table.count++;
		}
	}
	sort_all(t);
	return 0;
}

/* REFS: a thread goes by its newest message. */
static void sort_by_newest(struct query_thread *t)
{
	for (uint32_t node = deepest(t, 0); node != 0; node = next_upward(t, node)) {
		uint32_t parent = t->nodes[node].parent;
		bool is_first = t->nodes[parent].number == 0 && t->items[node].previous == 0;

		if (parent != 0 && (is_first || t->items[node].date > t->items[parent].date))
			t->items[parent].date = t->items[node].date;
	}
	sort_children(t, 0, true);
}

static int thread_by_references(struct query_thread *t)
{
	int r = 0;

	gather_roots(t);
	prune(t);
	sort_all(t); /* step 4 */
	if (t->by == QUERY_THREAD_REFS)
		sort_by_newest(t);
	else
		r = join_by_subject(t);
	if (r == 0 && t->by == QUERY_THREAD_REFERENCES)
		sort_all(t);
	return r;
}

int query_thread_end(struct query_thread *t, const struct query_node **nodes)
{
	uint32_t root;
	int r = t->count == 0 ? new_node(t, 0, &root) : 0;

	if (r)
		return r;
	/* Joining makes one dummy for two threads at most. */
	t->sorted = mem_try(((size_t)t->count * 2 + 1) * sizeof(*t->sorted));
	if (!t->sorted)
		return -ENOMEM;
	r = t->by == QUERY_THREAD_ORDEREDSUBJECT ? thread_by_subject(t) : thread_by_references(t);
	*nodes = t->nodes;
	return r;
}
