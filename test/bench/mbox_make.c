/*
 * Writes an mbox of many messages that look like mail to a search index: words of a vocabulary of 60,000,
 *each the rarer the later it stands (Zipf's law), names of 2,000 people, threads of up to eight. The same
 *numbers give the same file.
 *
 *	mbox_make FILE MESSAGES OCTETS
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORDS = 60000, PEOPLE = 2000, WORD_SIZE = 24, LINE = 72 };

static char words[WORDS][WORD_SIZE];
static uint32_t until[WORDS]; /* of the numbers below 2^32, those up to here are words up to this one */
static uint64_t seed;

static uint32_t draw(void)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 32);
}

/* One to four syllables; the word's number makes it the only one of its kind, nearly always. */
static void make_word(unsigned number)
{
	static const char *const syllables[] = {"a", "al", "ber", "cor", "da", "den", "el", "fer", "ga",
	    "hin", "i", "ja", "kin", "li", "lo", "ma", "men", "ni", "o", "par", "que", "ra", "ren", "sa",
	    "ster", "ta", "ter", "u", "va", "wan", "xi", "zo"};
	uint64_t bits = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
	unsigned count = number < 40 ? 1 : number < 1500 ? 2 : number < 20000 ? 3 : 4;
	size_t len = 0;
	for (unsigned i = 0; i < count; i++, bits >>= 5)
		len +=
		    (size_t)snprintf(words[number] + len, WORD_SIZE - len, "%s", syllables[bits >> 40 & 31]);
}

static void make_vocabulary(void)
{
	double total = 0, sum = 0;
	for (unsigned i = 0; i < WORDS; i++) {
		make_word(i);
		total += 1.0 / (i + 2.7);
	}
	strcpy(words[700], "alice");
	for (unsigned i = 0; i < WORDS; i++) {
		sum += 1.0 / (i + 2.7);
		until[i] = (uint32_t)(sum / total * 4294967295.0);
	}
}

static const char *word(void)
{
	uint32_t n = draw();
	size_t low = 0, high = WORDS - 1;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (until[middle] < n)
			low = middle + 1;
		else
			high = middle;
	}
	return words[low];
}

static void put_header(FILE *out, unsigned long number)
{
	unsigned long thread = number - number % (1 + number / 8 % 8);
	unsigned from = draw() % PEOPLE, to = draw() % PEOPLE;
	uint64_t kept = seed;
	time_t when = 1400000000 + (time_t)number * 300;
	struct tm utc;
	char date[64];
	gmtime_r(&when, &utc);
	strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &utc);
	fprintf(out, "From %s.%u@remote.test %s\n", words[600 + from], from, date);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &utc);
	fprintf(out, "From: %s %s <%s.%u@remote.test>\nTo: %s <%s.%u@example.test>\n", words[600 + from],
	    words[3000 + from], words[600 + from], from, words[600 + to], words[600 + to], to);
	seed = thread; /* its subject is that of its thread */
	fprintf(out, "Subject: %s%s %s %s\n", number == thread ? "" : "Re: ", word(), word(), word());
	seed = kept;
	fprintf(out, "Date: %s\nMessage-ID: <%lu.made@remote.test>\n", date, number);
	if (number != thread)
		fprintf(out, "In-Reply-To: <%lu.made@remote.test>\nReferences: <%lu.made@remote.test>\n",
		    thread, thread);
	fputs("MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n", out);
}

static void put_body(FILE *out, size_t octets)
{
	for (size_t len = 0, line = 0; len < octets;) {
		const char *w = word();
		size_t n = strlen(w) + 1;
		line += n;
		len += n;
		fprintf(out, "%s%c", w, line > LINE || len >= octets ? '\n' : ' ');
		if (line > LINE)
			line = 0;
	}
	fputc('\n', out);
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "mbox_make FILE MESSAGES OCTETS\n");
		return 64;
	}
	FILE *out = fopen(argv[1], "w");
	if (out == NULL) {
		fprintf(stderr, "mbox_make: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	make_vocabulary();
	unsigned long count = strtoul(argv[2], NULL, 10);
	for (unsigned long i = 0; i < count; i++) {
		seed = i * UINT64_C(0x9E3779B97F4A7C15) + 1;
		put_header(out, i);
		put_body(out, strtoul(argv[3], NULL, 10));
	}
	if (fclose(out) != 0) {
		fprintf(stderr, "mbox_make: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	printf("messages=%lu\n", count);
	return 0;
}
