"""A small to-do list. Tasks are numbered from 1."""


class TodoList:
    def __init__(self):
        self.tasks = []
        self.done = []

    def add(self, task):
        """Add a task and return its number."""
        self.tasks.append(task)
        self.done.append(False)
        return len(self.tasks)

    def finish(self, number):
        """Mark the task with this number as done."""
        self.done[number] = True

    def open_tasks(self):
        """Return the tasks that are not done yet."""
        result = []
        for task, done in zip(self.tasks, self.done):
            if not done:
                result.append(task)
        return result

    def show(self):
        """Return the lines to print."""
        lines = []
        for i, task in enumerate(self.tasks):
            mark = "x" if self.done[i] else " "
            lines.append(f"{i + 1}. [{mark}] {task}")
        return lines
