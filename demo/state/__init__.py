"""What the pages work with: app, page, question, library, lab, comparison; knows no Gradio."""
