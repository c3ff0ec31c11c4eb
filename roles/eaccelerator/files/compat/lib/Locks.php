<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** Locks between the processes of a node. Each ends with the request that holds it, at the latest. */
final class Locks
{
    /** Seconds; then the lock of a worker that was killed is free. */
    public static int $ttl = 60;

    /** Seconds; then a caller is told that there is no lock. The extension waited for ever. */
    public static float $patience = 30;

    /** @var array<string, int> the owner's number, by the lock's name */
    private static array $held = [];

    private static int $process = 0;

    private static ?self $end = null;

    /** Take a lock, or wait for it. A second time in a request it is held already; it need be unlocked once only. */
    public static function lock(string $key): bool
    {
        if (!Api::usable()) {
            return false;
        }
        self::begin();
        $name = Api::name($key, 'eaccelerator-lock');
        if (self::holds($name)) {
            return true;
        }
        $owner = random_int(1, PHP_INT_MAX);
        $deadline = microtime(true) + self::$patience;
        for ($pause = 100; !apcu_add($name, $owner, self::$ttl); $pause = min(2 * $pause, 20000)) {
            if (microtime(true) > $deadline) {
                trigger_error("eaccelerator_lock: $key is still locked, this goes on without", E_USER_WARNING);
                return false;
            }
            usleep($pause);
        }
        self::$held[$name] = $owner;
        return true;
    }

    /** Release a lock; false where another holds it, true also where nobody does. */
    public static function unlock(string $key): bool
    {
        if (!Api::usable()) {
            return false;
        }
        self::begin();
        $name = Api::name($key, 'eaccelerator-lock');
        return self::release($name) || !apcu_exists($name);
    }

    /** The script's end: also where it called exit among its last functions, which keeps ours from being called. */
    public function __destruct()
    {
        self::releaseAll(self::$process);
    }

    /** Begin with no locks in a new process: a fork copies its parent's, and has none of them. */
    private static function begin(): void
    {
        $process = getmypid();
        if (self::$process === $process) {
            return;
        }
        self::$process = $process;
        self::$held = [];
        self::$end = self::$end ?? new self();
        register_shutdown_function(static function () use ($process): void {
            // Once more, to come after the program's own such functions. A fatal error calls no destructors.
            register_shutdown_function([self::class, 'releaseAll'], $process);
        });
    }

    /** @internal */
    public static function releaseAll(int $process): void
    {
        if ($process === getmypid()) {
            foreach (array_keys(self::$held) as $name) {
                self::release($name);
            }
        }
    }

    private static function holds(string $name): bool
    {
        return isset(self::$held[$name]) && apcu_fetch($name) === self::$held[$name];
    }

    private static function release(string $name): bool
    {
        $owner = self::$held[$name] ?? 0;
        unset(self::$held[$name]);
        // No owner is 0. Only who turns the own number into it may delete: after its ttl the lock may be another's.
        return $owner !== 0 && apcu_cas($name, $owner, 0) && apcu_delete($name);
    }
}
