"""The programs that start others by the clock: systemd, launchd, the Windows Task Scheduler, cron."""
