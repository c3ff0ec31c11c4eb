<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/*
 * Cache classes that call eaccelerator_* as programs do, none knowing that it is not the extension. Prints a line for
 * each check; the last is "all: ok", or "FAILED" with exit code 1. As a page: with ?part=ttl-put, and ?part=ttl-get
 * in a later request, it shows whether a key of 2 seconds has expired there: "there" or "gone".
 */

/** As of object caches: serialised strings, NULL is a miss, answers to put and rm unread. */
class ObjectCache
{
    public function get($key)
    {
        $value = eaccelerator_get($key);
        return is_string($value) ? unserialize($value) : $value;
    }

    public function set($key, $value, $expiry = 0)
    {
        eaccelerator_put($key, serialize($value), $expiry);
        return true;
    }

    public function delete($key)
    {
        eaccelerator_rm($key);
        return true;
    }

    public function keys()
    {
        $keys = array();
        foreach (eaccelerator_list_keys() as $entry) {
            $keys[] = substr($entry['name'], 1);
        }
        return $keys;
    }
}

/** As of frameworks: values as they are, add by a test for NULL, flush by gc and the list. */
class FrameworkCache
{
    public function get($key)
    {
        $value = eaccelerator_get($key);
        return $value === null ? false : $value;
    }

    public function set($key, $value, $ttl)
    {
        return eaccelerator_put($key, $value, $ttl);
    }

    public function add($key, $value, $ttl)
    {
        return (null === eaccelerator_get($key)) ? $this->set($key, $value, $ttl) : false;
    }

    public function flush()
    {
        @eaccelerator_gc();
        foreach (eaccelerator_list_keys() as $entry) {
            $key = 0 === strpos($entry['name'], ':') ? substr($entry['name'], 1) : $entry['name'];
            if (eaccelerator_rm($key) === false) {
                throw new Exception("cannot remove $key");
            }
        }
        return true;
    }
}

/** As of content management systems: parts of the name say the group, sizes are added up. */
class GroupCache
{
    public function store($id, $group, $data)
    {
        $key = "secret-cache-$group-" . md5($id);
        eaccelerator_put($key . '_expire', time(), 900);
        return eaccelerator_put($key, $data, 900);
    }

    public function clean($group)
    {
        foreach (eaccelerator_list_keys() as $entry) {
            $name = ltrim($entry['name'], ':');
            if (strpos($name, "secret-cache-$group-") === 0) {
                eaccelerator_rm($name);
            }
        }
    }

    public function sizes()
    {
        $sizes = array();
        foreach (eaccelerator_list_keys() as $entry) {
            $parts = explode('-', ltrim($entry['name'], ':'));
            if ($parts[0] === 'secret' && $parts[1] === 'cache') {
                $sizes[$parts[2]] = ($sizes[$parts[2]] ?? 0) + $entry['size'] / 1024;
            }
        }
        return $sizes;
    }
}

/** As of forums: a lock around put; and one that is never unlocked. */
class ForumCache
{
    public function put($name, $contents)
    {
        eaccelerator_lock("forum_$name");
        $status = eaccelerator_put("forum_$name", serialize($contents));
        eaccelerator_unlock("forum_$name");
        return $status;
    }

    public function careless($name, $value)
    {
        eaccelerator_lock($name);
        return eaccelerator_put($name, $value, null);
    }

    public function fetch($name)
    {
        $data = eaccelerator_get("forum_$name");
        return $data === null ? null : unserialize($data);
    }
}

function check($name, $holds)
{
    echo $name, $holds ? ": ok\n" : ": FAILED\n";
    return (int) !$holds;
}

if (PHP_SAPI !== 'cli') {
    header('Content-Type: text/plain');
}
$part = isset($_GET['part']) ? $_GET['part'] : '';
if ($part === 'ttl-put') {
    echo eaccelerator_put('ttl', 'value', 5) ? "put\n" : "FAILED\n";
    return;
}
if ($part === 'ttl-get') {
    echo eaccelerator_get('ttl') === null ? "gone\n" : "there\n";
    return;
}

$failed = check('functions are there', function_exists('eaccelerator_put') && function_exists('eaccelerator_get'));
$failed += check('the module is not faked', !extension_loaded('eaccelerator'));

$cache = new FrameworkCache();
$cache->flush();
$failed += check('flush leaves nothing', eaccelerator_list_keys() === array());
$failed += check('a miss is NULL', eaccelerator_get('none') === null);
$failed += check('add to nothing', $cache->add('key', false, 0));
$failed += check('a stored false is no miss', eaccelerator_get('key') === false && !$cache->add('key', 1, 0));
$failed += check('digits as ttl', $cache->set('key', array('a' => 1), '60') && $cache->get('key') === array('a' => 1));

$cache = new ObjectCache();
$cache->set('wiki:page:1', (object) array('title' => 'Main'), 3600);
$failed += check('an object, serialised', $cache->get('wiki:page:1')->title === 'Main');
$failed += check('keys by the list', in_array('wiki:page:1', $cache->keys(), true));
foreach ($cache->keys() as $key) {
    $cache->delete($key);
}
$failed += check('all removed by the list', $cache->keys() === array() && $cache->get('wiki:page:1') === null);

$cache = new GroupCache();
$cache->store('one', 'menu', str_repeat('x', 4096));
$cache->store('two', 'news', 'short');
$sizes = $cache->sizes();
$failed += check('sizes by group', $sizes['menu'] > 4 && $sizes['news'] > 0 && $sizes['news'] < $sizes['menu']);
$cache->clean('menu');
$failed += check('one group removed', array_keys($cache->sizes()) === array('news'));

$cache = new ForumCache();
$failed += check('put under a lock', $cache->put('settings', array(1, 2)) && $cache->fetch('settings') === array(1, 2));
$failed += check('a lock left to the end', $cache->careless('left', 1) && $cache->careless('left', 2));
$failed += check('its value', eaccelerator_get('left') === 2);

(new FrameworkCache())->flush();
echo $failed ? "FAILED\n" : "all: ok\n";
if ($failed) {
    exit(1);
}
