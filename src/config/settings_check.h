/* What is asked of settings beyond the form of each: that they fit each other. */
#ifndef CONFIG_SETTINGS_CHECK_H
#define CONFIG_SETTINGS_CHECK_H

#include "config/conf.h"
#include "config/settings_table.h"

/*
 * Tells what is wrong with a setting (an element of a list: `element` is its number, from 0), with file and
 * line where it is set. `finding` brings level, problem, expected and meant.
 */
void settings_complain(const struct conf *conf, const char *setting, size_t element, struct finding finding,
    struct findings *found);

/* Tells all that does not fit together. */
void settings_check(const struct settings *s, const struct conf *conf, struct findings *found);

#endif
