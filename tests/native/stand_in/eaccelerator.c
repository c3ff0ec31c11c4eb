/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: The lvs.ha_web authors */
/*
 * A stand-in for eAccelerator, for tests alone. It has nothing of eAccelerator but its name, some of its directives
 * and the manners that the role must cope with, and it caches nothing:
 * - it is loaded as a Zend extension;
 * - it remembers for which version of PHP it was built, and in another one stays loaded but has no directives and
 *   tells null of itself. Which PHP it runs in, it reads from a file beside php-config;
 * - it makes its cache directory 0777 at every start, also on the command line;
 * - it has no shared memory there.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "php.h"
#include "php_ini.h"
#include "SAPI.h"
#include "ext/standard/info.h"
#include "zend_extensions.h"

#define EACCELERATOR_VERSION "0-stand-in"

static int active = 0;

PHP_INI_BEGIN()
    PHP_INI_ENTRY("eaccelerator.enable", "1", PHP_INI_ALL, NULL)
    PHP_INI_ENTRY("eaccelerator.optimizer", "1", PHP_INI_ALL, NULL)
    PHP_INI_ENTRY("eaccelerator.shm_size", "0", PHP_INI_SYSTEM, NULL)
    PHP_INI_ENTRY("eaccelerator.shm_only", "0", PHP_INI_SYSTEM, NULL)
    PHP_INI_ENTRY("eaccelerator.check_mtime", "1", PHP_INI_SYSTEM, NULL)
    PHP_INI_ENTRY("eaccelerator.cache_dir", "/tmp/eaccelerator", PHP_INI_SYSTEM, NULL)
    PHP_INI_ENTRY("eaccelerator.filter", "", PHP_INI_ALL, NULL)
PHP_INI_END()

static int is_the_php_it_was_built_for(void)
{
    char version[64] = "";
    FILE *file = fopen(EACCELERATOR_VERSION_FILE, "r");

    if (file != NULL) {
        if (fscanf(file, "%63s", version) != 1) {
            version[0] = '\0';
        }
        fclose(file);
    }
    return strcmp(version, EACCELERATOR_BUILT_FOR) == 0;
}

PHP_MINIT_FUNCTION(eaccelerator)
{
    const char *cache;

    if (!is_the_php_it_was_built_for()) {
        return SUCCESS;
    }
    REGISTER_INI_ENTRIES();
    cache = INI_STR("eaccelerator.cache_dir");
    if (!INI_BOOL("eaccelerator.shm_only")) {
        (void) mkdir(cache, 0777);
        (void) !chmod(cache, 0777);
    }
    active = strcmp(sapi_module.name, "cli") != 0;
    return SUCCESS;
}

PHP_MINFO_FUNCTION(eaccelerator)
{
    php_info_print_table_start();
    php_info_print_table_row(2, "This is not eAccelerator", "but a stand-in for tests, which caches nothing");
    php_info_print_table_end();
}

ZEND_BEGIN_ARG_INFO_EX(arginfo_none, 0, 0, 0)
ZEND_END_ARG_INFO()

PHP_FUNCTION(eaccelerator_info)
{
    ZEND_PARSE_PARAMETERS_NONE();
    if (!active) {
        RETURN_NULL();
    }
    array_init(return_value);
    add_assoc_string(return_value, "version", EACCELERATOR_VERSION);
    add_assoc_string(return_value, "built_for", EACCELERATOR_BUILT_FOR);
    add_assoc_bool(return_value, "cache", INI_BOOL("eaccelerator.enable"));
    add_assoc_bool(return_value, "check_mtime", INI_BOOL("eaccelerator.check_mtime"));
    add_assoc_long(return_value, "cachedScripts", 0);
}

static const zend_function_entry eaccelerator_functions[] = {
    PHP_FE(eaccelerator_info, arginfo_none)
    PHP_FE_END
};

zend_module_entry eaccelerator_module_entry = {
    STANDARD_MODULE_HEADER,
    "eAccelerator",
    eaccelerator_functions,
    PHP_MINIT(eaccelerator),
    NULL,
    NULL,
    NULL,
    PHP_MINFO(eaccelerator),
    EACCELERATOR_VERSION,
    STANDARD_MODULE_PROPERTIES
};

static int eaccelerator_startup(zend_extension *extension)
{
    (void) extension;
    return zend_startup_module(&eaccelerator_module_entry);
}

ZEND_DLEXPORT zend_extension_version_info extension_version_info = {
    ZEND_EXTENSION_API_NO, (char *) ZEND_EXTENSION_BUILD_ID
};

ZEND_DLEXPORT zend_extension zend_extension_entry = {
    .name = (char *) "eAccelerator (a stand-in for tests)",
    .version = (char *) EACCELERATOR_VERSION,
    .author = (char *) "The lvs.ha_web authors",
    .URL = (char *) "",
    .copyright = (char *) "",
    .startup = eaccelerator_startup,
    .resource_number = -1,
};
